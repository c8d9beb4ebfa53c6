/**
 * The row under the pictures: the stills of this consultation, small, and what is on its way.
 * A screen reader is told of arrivals and refusals, never of percents.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, button, h, say, sign } from "./element.js";
import * as words from "./still_words.js";

/** @import { PointerPlace, Sending, ShownStill } from "../../../types/stills.d.ts" */
/**
 * @typedef {object} Asks what the row may ask of the stills
 * @property {(id: string) => void} open
 * @property {(id: string) => void} again
 * @property {(id: string) => void} drop
 */
/** @typedef {{name: (seat: string) => string, hour: (still: ShownStill) => string, refusal: (code: string) => string}} Speech */
/** @typedef {{stills: ShownStill[], sending: Sending[], asked: string[], open: string | null, pointed: PointerPlace | null, speech: Speech}} Shown */

export class StillRow {
  /** @param {Asks} asks */
  constructor(asks) {
    this.list = h("ul", { class: "still-thumbs", role: "list", "aria-label": _("Images de cette consultation") });
    this.thumbs = new Rows(this.list, () => new Thumb(asks));
    this.ways = h("ul", { class: "still-ways", role: "list", "aria-label": _("Images en cours d’envoi") });
    this.lines = new Rows(this.ways, () => new Way(asks));
    this.root = h("div", { class: "still-row", hidden: true }, this.list, this.ways);
  }

  /** @param {Shown} shown */
  show(shown) {
    const { pointed, open, speech } = shown;
    const by = pointed ? speech.name(pointed.seat) : "";
    const thumbs = shown.stills.map((still) => ({ still, name: speech.name(still.seat), at: speech.hour(still), open: still.id === open, by: pointed?.still === still.id ? by : "" }));
    const ways = waysOf(shown);
    this.thumbs.show(thumbs, ({ still }) => still.id);
    this.lines.show(ways, ({ key }) => key);
    attribute(this.root, "hidden", thumbs.length + ways.length === 0);
  }
}

/** @typedef {{key: string, text: string, done: number | null, failed: boolean}} WayRow */

/**
 * Ours on the way out, those announced and not here yet, and those asked for and not answered.
 * @param {Shown} shown
 * @returns {WayRow[]}
 */
function waysOf({ sending, stills, asked, speech: { name, refusal } }) {
  const ours = sending.filter(({ why }) => why === "asked");
  return [
    ...ours.map((one) => ({ key: one.id, text: words.sending(one, refusal), done: one.state === "sending" ? one.done : null, failed: one.state === "failed" })),
    ...stills.filter((one) => one.shown < 0 && one.done > 0).map((one) => ({ key: `in ${one.id}`, text: words.arrival(one), done: one.done, failed: false })),
    ...asked.map((seat) => ({ key: `ask ${seat}`, text: _("Image demandée à {name}…", { name: name(seat) }), done: null, failed: false })),
  ];
}

class Thumb {
  id = "";

  /** @param {Asks} asks */
  constructor(asks) {
    this.image = h("img", { alt: "", hidden: true });
    this.empty = sign("still");
    this.hour = h("span", { class: "still-hour" });
    this.hand = sign("hand");
    this.button = h("button", { type: "button", class: "still-thumb", onclick: () => asks.open(this.id) }, this.image, this.empty, this.hand, this.hour);
    this.root = h("li", {}, this.button);
  }

  /** @param {{still: ShownStill, name: string, at: string, open: boolean, by: string}} row `by` points at it now */
  show({ still, name, at, open, by }) {
    this.id = still.id;
    const title = words.title(still, name, at);
    const see = _("Voir l’image en grand : {title}", { title });
    attribute(this.button, "aria-label", by ? _("{see} ({by} y montre quelque chose)", { see, by }) : see);
    attribute(this.button, "title", by ? _("{by} montre cette image", { by }) : title);
    attribute(this.hand, "hidden", !by);
    attribute(this.button, "aria-pressed", String(open));
    // Read by the laboratory, which measures what was asked for.
    attribute(this.button, "data-still", still.why === "rung" ? null : still.id);
    attribute(this.button, "data-why", still.why);
    attribute(this.image, "src", still.url);
    attribute(this.image, "hidden", !still.url);
    attribute(this.empty, "hidden", Boolean(still.url));
    say(this.hour, at);
  }
}

class Way {
  id = "";

  /** @param {Asks} asks */
  constructor(asks) {
    this.text = h("span");
    this.bar = h("progress", { max: 1, "aria-hidden": "true" });
    this.again = button(null, _("Renvoyer"), () => asks.again(this.id), "small");
    this.drop = button(null, _("Retirer"), () => asks.drop(this.id), "small");
    this.root = h("li", { class: "still-way" }, this.text, this.bar, this.again, this.drop);
  }

  /** @param {WayRow} row */
  show({ key, text, done, failed }) {
    this.id = key;
    say(this.text, text);
    attribute(this.bar, "hidden", done === null);
    this.bar.value = done ?? 0;
    attribute(this.again, "hidden", !failed);
    attribute(this.drop, "hidden", !failed);
    attribute(this.root, "data-failed", failed);
  }
}
