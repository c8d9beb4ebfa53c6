/**
 * The one indicator of quality: a line that says in words how the call is carried, opens the
 * details, and is spoken once when the rung changes. Below it, what to do when pictures fail.
 */

import { _ } from "../lib/i18n.js";
import { attribute, button, h, resign, say, sign } from "./element.js";
import { advice, verdictLines } from "./quality_words.js";
import { fallen, verdict } from "./verdict.js";
import { others } from "./state.js";

/** @import { Actions, Context, State, Verdict } from "../../../types/call.d.ts" */
/** @typedef {ReturnType<typeof verdictLines>} Lines */

/** @type {Record<Verdict["level"], [sign: string, tone: string]>} */
const LOOKS = {
  lost: ["lost", "bad"],
  gone: ["lost", "bad"],
  connecting: ["connecting", "calm"],
  coming: ["connecting", "calm"],
  unknown: ["connecting", "warn"],
  alone: ["people", "calm"],
  measuring: ["good", "calm"],
  good: ["good", "calm"],
  stopped: ["weak", "warn"],
  unsteady: ["weak", "warn"],
  unsteady_mine: ["weak", "warn"],
  reduced: ["weak", "calm"],
  weak: ["weak", "warn"],
};

export class Indicator {
  #spoken = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.lines = h("span", { class: "quality-lines" });
    this.more = h("span", { class: "quality-more" }, _("Détails"));
    this.open = h("button", { type: "button", class: "quality-button", "aria-controls": "panel-link", onclick: () => actions.details() }, sign("good"), this.lines, this.more);
    this.speaker = h("p", { class: "visually-hidden", role: "status" });
    this.root = h("section", { class: "quality", "aria-label": _("Qualité de la liaison") }, this.open, this.speaker);
  }

  /**
   * @param {State} state
   * @param {boolean} detailed whether the details are open
   */
  show(state, detailed) {
    const judged = verdict(state);
    const [name, tone] = LOOKS[judged.level];
    const texts = verdictLines(judged);
    attribute(this.root, "data-tone", tone);
    attribute(this.root, "data-level", judged.level);
    attribute(this.open, "aria-expanded", String(detailed));
    resign(this.open, name);
    this.#write(texts);
    this.#speak(judged, texts);
  }

  /** @param {Lines} lines */
  #write(lines) {
    const key = lines.map(({ text }) => text).join("\n");
    if (this.lines.dataset.key === key) return;
    this.lines.dataset.key = key;
    this.lines.replaceChildren(...lines.flatMap(({ text, brief }) => [h("span", { class: "whole" }, text), h("span", { class: "brief" }, brief)]));
  }

  /**
   * Aloud only when what passes changes, and never the first time: the banner speaks of cuts.
   * @param {Verdict} judged
   * @param {Lines} texts
   */
  #speak({ level, lines }, texts) {
    const key = JSON.stringify([level, ...lines.map(({ way, rung, own, who }) => [way, rung, own, who.seat])]);
    if (key === this.#spoken) return;
    const first = !this.#spoken;
    this.#spoken = key;
    if (!first && !["lost", "connecting", "unknown"].includes(level)) say(this.speaker, texts.map(({ text }) => text).join(" "));
  }
}

/** The next useful act once pictures, or the voice too, no longer pass. */
export class Offers {
  #dismissed = "";
  code = "";
  whom = "";

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.title = h("strong");
    this.text = h("span");
    this.write = button("chat", _("Écrire"), () => actions.compose(), "small");
    this.still = button("still", _("Image nette"), () => actions.still(this.whom, "camera"), "small");
    this.close = button("cross", _("Fermer"), () => this.#dismiss(), "small close");
    attribute(this.close, "aria-label", _("Fermer ces conseils"));
    this.dial = context.reach && dial(context.reach);
    this.root = h("aside", { class: "offers", "aria-label": _("Que faire maintenant"), hidden: true }, h("p", {}, this.title, " ", this.text), h("div", { class: "row" }, this.write, this.still, this.dial || null, this.close));
  }

  /** @param {State} state */
  show(state) {
    const how = fallen(state);
    this.code = how?.code ?? "";
    if (!how) this.#dismissed = "";
    attribute(this.root, "hidden", !how || this.code === this.#dismissed);
    if (!how) return;
    const { code, own } = how;
    const people = others(state);
    this.whom = people[0]?.seat ?? "";
    const { title, text } = advice(code, { name: people.length === 1 ? people[0].name : "", own });
    say(this.title, title);
    say(this.text, text);
    attribute(this.write, "hidden", code === "none");
    attribute(this.still, "hidden", code !== "voice" || own || !this.whom);
  }

  #dismiss() {
    this.#dismissed = this.code;
    attribute(this.root, "hidden", true);
  }
}

/**
 * The other side's telephone: dialled by a click where there is a telephone, read elsewhere.
 * @param {NonNullable<Context["reach"]>} reach
 */
function dial({ name, number }) {
  const href = `tel:${number.replaceAll(" ", "")}`;
  return h("a", { class: "button small", href }, sign("phone"), _("{name} : {number}", { name, number }));
}
