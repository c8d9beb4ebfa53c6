/**
 * The pages where one waits or has finished: the door, and every way the journey can end.
 */

import { _ } from "../lib/i18n.js";
import { attribute, button, h, resign, say, sign } from "./element.js";
import * as words from "./words.js";

/** @import { Actions, Context, Snapshot, State } from "../../../types/call.d.ts" */

export class Door {
  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.title = h("h1", { tabindex: "-1" });
    this.text = h("p", { class: "lead" });
    this.video = h("video", { autoplay: true, playsinline: true, "aria-label": _("Votre image") });
    this.video.muted = true;
    this.empty = h("p", { class: "preview-empty" }, _("Caméra éteinte"));
    this.again = button("door", _("Frapper de nouveau"), () => actions.knock(), "primary");
    this.back = button(null, _("Revenir aux réglages"), () => actions.back(), "link");
    this.leave = button("leave", _("Quitter la salle d’attente"), () => actions.quit());
    this.sign = h("div", { class: "waiting-sign" }, sign("clock"));
    this.root = h(
      "section",
      { class: "waiting card" },
      this.sign,
      h("div", { class: "stack-tight", role: "status" }, this.title, this.text),
      h("p", { class: "soft" }, [context.title, context.place].filter(Boolean).join(" · ")),
      h("div", { class: "preview small-preview" }, this.video, this.empty),
      h("ol", { class: "steps" }, h("li", {}, _("Restez près de l’appareil, le son allumé.")), h("li", {}, _("Quand on vous fait entrer, la consultation s’ouvre ici toute seule.")), h("li", {}, _("Si la liaison se coupe, votre place est gardée."))),
      h("div", { class: "row" }, this.again, this.back, this.leave),
    );
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    const { title, text } = words.door({ knock: state.knock, member: state.context.member, status: state.room?.status, lineUp: state.line.up });
    say(this.title, title);
    say(this.text, text);
    const shut = state.knock === "locked" || state.knock === "full";
    resign(this.sign, !state.line.up ? "lost" : shut ? "lock" : "clock");
    attribute(this.again, "hidden", !shut || !state.line.up);
    attribute(this.back, "hidden", !shut);
    attribute(this.leave, "hidden", shut);
    attribute(this.video, "hidden", snapshot.camera !== "on");
    attribute(this.empty, "hidden", snapshot.camera === "on");
  }

  /** @param {MediaStreamTrack | null} track */
  see(track) {
    this.video.srcObject = track && new MediaStream([track]);
  }
}

export class Ending {
  why = "";

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.context = context;
    this.actions = actions;
    this.root = h("section", { class: "waiting card" });
  }

  /** @param {State} state */
  show(state) {
    const why = state.over?.why;
    if (!why || this.why === why) return;
    this.why = why;
    const { title, text, again } = words.ending(why);
    this.root.replaceChildren(
      h("div", { class: "waiting-sign" }, sign(["ended", "left"].includes(why) ? "check" : "info")),
      h("div", { class: "stack-tight" }, h("h1", { tabindex: "-1" }, title), h("p", { class: "lead" }, text)),
      h("div", { class: "row" }, ...this.#ways(why, again)),
    );
  }

  /**
   * @param {string} why
   * @param {string | null} again
   */
  #ways(why, again) {
    const { member, back_url, record_url } = this.context;
    const seesRecord = record_url && ["ended", "left"].includes(why);
    return [
      again === "return" && button("door", _("Revenir"), () => this.actions.back(), "primary"),
      again === "knock" && button("door", _("Frapper de nouveau"), () => this.actions.knock(), "primary"),
      again === "reload" && button("turn", _("Reprendre ici"), () => location.reload(), "primary"),
      again === "login" && h("a", { class: "button primary", href: member ? "/login" : "/code" }, member ? _("S’identifier") : _("Donner un code")),
      seesRecord && h("a", { class: again ? "button" : "button primary", href: record_url }, _("Voir la trace de la consultation")),
      back_url && h("a", { class: "button", href: back_url }, _("Retour à la consultation")),
    ];
  }
}
