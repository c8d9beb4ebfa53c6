/**
 * The panel of the link's details. What it shows is fetched when it is first opened: most calls
 * never ask.
 */

import { _ } from "../lib/i18n.js";
import { h, say } from "./element.js";

/** @import { Context, LinkSample, State } from "../../../types/call.d.ts" */
/** @import { Details } from "./details.js" */

export class Link {
  /** @type {Details | null} */
  #details = null;
  #asked = false;

  /**
   * @param {Context} context
   * @param {() => LinkSample[]} samples what this page has measured
   */
  constructor(context, samples) {
    this.context = context;
    this.samples = samples;
    this.wait = h("p", { class: "hint", role: "status" }, _("Ouverture…"));
    this.root = h("div", { class: "panel-body stack", role: "tabpanel", id: "panel-link", "aria-label": _("Liaison"), tabindex: "0" }, this.wait);
  }

  /** @param {State} state */
  show(state) {
    this.state = state;
    if (this.#details) this.#details.show(state);
    else this.#load();
  }

  focus() {
    this.root.focus();
  }

  async #load() {
    if (this.#asked) return;
    this.#asked = true;
    try {
      const { Details } = await import("./details.js");
      this.#details = new Details(this.context, this.samples);
      this.root.replaceChildren(this.#details.root);
      if (this.state) this.#details.show(this.state);
    } catch {
      this.#asked = false;
      say(this.wait, _("Les détails ne sont pas arrivés : fermez ce volet et rouvrez-le."));
    }
  }
}
