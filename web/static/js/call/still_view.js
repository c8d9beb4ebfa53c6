/**
 * One still, large, over the pictures: closer and further, the one before and after, and a spot
 * shown to the others. The call goes on around it: commands and messages stay in reach.
 *
 * The focus comes here only when the person opened it, and goes back where it was.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, button, h, reword, say } from "./element.js";
import { Gestures } from "./still_gestures.js";
import * as words from "./still_words.js";
import { WHOLE, fitted, held, moved, placed, pointed, zoomed } from "./still_zoom.js";

/** @import { PointerPlace, ShownStill } from "../../../types/stills.d.ts" */
/** @import { Place, Sight } from "./still_zoom.js" */
/**
 * @typedef {object} Asks what the view may ask of the stills
 * @property {(by: 1 | -1) => void} turn to the next or the one before
 * @property {() => void} close
 * @property {(id: string) => void} open
 * @property {(place: Place | null) => void} point
 * @property {() => void} detail fetch what is not here
 * @property {() => void} anew another still of the same camera
 */
/** @typedef {{still: ShownStill, name: string, at: string, state: string, first: boolean, last: boolean, fetchable: boolean, takeable: boolean, dots: Dot[], elsewhere: (PointerPlace & {name: string}) | null}} Shown */
/** @typedef {PointerPlace & {name: string, mine: boolean}} Dot */

const STEP = 1.5;
const NUDGE = 60;

export class StillView {
  /** @type {Sight} */
  #sight = WHOLE;
  /** @type {Shown | null} */
  #shown = null;
  /** @type {Element | null} */
  #before = null;

  /** @param {Asks} asks */
  constructor(asks) {
    this.asks = asks;
    this.title = h("h2", { class: "still-title" });
    this.state = h("p", { class: "still-state" });
    this.image = h("img", { class: "still-image", alt: "", draggable: "false", hidden: true });
    this.nothing = h("p", { class: "still-nothing" });
    this.elsewhere = button("hand", "", () => this.#shown?.elsewhere && asks.open(this.#shown.elsewhere.still), "small");
    this.detail = button(null, _("Charger en détail"), () => asks.detail(), "small");
    this.anew = tool("still", _("Nouvelle image"), () => asks.anew());
    this.earlier = tool("before", _("Image précédente"), () => asks.turn(-1));
    this.later = tool("after", _("Image suivante"), () => asks.turn(1));
    this.smaller = tool("minus", _("Réduire"), () => this.#zoom(1 / STEP));
    this.larger = tool("plus", _("Agrandir"), () => this.#zoom(STEP));
    this.whole = button(null, "100 %", () => this.#see(WHOLE), "small still-scale");
    this.layer = h("div", { class: "still-dots", "aria-hidden": "true" });
    this.dots = new Rows(this.layer, () => new DotMark((place) => this.#placed(place)));
    this.frame = h("div", { class: "still-frame", tabindex: "0", role: "group" }, this.image, this.nothing, this.layer);
    this.gestures = new Gestures(this.frame, {
      zoom: (factor, at) => this.#zoom(factor, at),
      move: (by) => this.#move(by),
      point: (at) => asks.point(at && this.#pointed(at)),
      closer: () => this.#sight.scale > 1,
    });
    this.root = h("section", { class: "still-view", role: "dialog", "aria-label": _("Image en grand"), onkeydown: (event) => this.#onKey(event) }, this.#head(), this.frame, this.#foot());
    this.resized = new ResizeObserver(() => this.#lay());
    this.resized.observe(this.frame);
  }

  /**
   * Comes forward over the stage.
   * @param {Element} place
   * @param {boolean} focus the person asked for it herself
   */
  open(place, focus) {
    if (!this.root.isConnected) {
      this.#before = document.activeElement;
      place.append(this.root);
    }
    if (focus) this.frame.focus({ preventScroll: true });
  }

  close() {
    const within = this.root.contains(document.activeElement);
    this.gestures.end();
    this.root.remove();
    this.#shown = null;
    if (within && this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
  }

  /** @param {Shown} shown */
  show(shown) {
    const { still, name, at } = shown;
    if (this.#shown?.still.id !== still.id) this.#sight = WHOLE;
    this.#shown = shown;
    const title = words.title(still, name, at);
    say(this.title, title);
    say(this.state, shown.state);
    attribute(this.image, "src", still.url);
    attribute(this.image, "hidden", !still.url);
    attribute(this.image, "alt", _("Image nette : {title}", { title }));
    attribute(this.frame, "aria-label", _("Image : + et − pour agrandir et réduire, flèches pour se déplacer, Entrée pour montrer le centre aux autres"));
    say(this.nothing, still.url ? "" : shown.fetchable ? _("Image pas encore chargée") : words.arrival(still));
    attribute(this.detail, "hidden", !shown.fetchable);
    attribute(this.anew, "hidden", !shown.takeable);
    this.#showElsewhere(shown);
    this.#lay();
  }

  #head() {
    const close = button("cross", _("Fermer"), () => this.asks.close(), "small still-close");
    attribute(close, "aria-label", _("Fermer l’image"));
    return h("div", { class: "still-head" }, h("div", { class: "still-words" }, this.title, this.state), this.detail, this.elsewhere, close);
  }

  #foot() {
    return h("div", { class: "still-foot", role: "toolbar", "aria-label": _("Regarder l’image") }, this.earlier, this.smaller, this.whole, this.larger, this.later, this.anew);
  }

  /** @param {Shown} shown */
  #showElsewhere({ elsewhere, first, last }) {
    attribute(this.elsewhere, "hidden", !elsewhere);
    if (elsewhere) reword(this.elsewhere, _("{name} montre une autre image", { name: elsewhere.name }));
    attribute(this.earlier, "disabled", first);
    attribute(this.later, "disabled", last);
  }

  get #size() {
    return { width: this.frame.clientWidth || 1, height: this.frame.clientHeight || 1 };
  }

  /** The sharpest stage's size: its proportions hold for all. */
  get #picture() {
    const { width, height } = this.#shown?.still.stages.at(-1) ?? { width: 4, height: 3 };
    return { width, height };
  }

  /**
   * @param {number} factor
   * @param {Place} [at]
   */
  #zoom(factor, at = { x: 0, y: 0 }) {
    this.#see(zoomed(this.#sight, factor, at, this.#size, this.#picture));
  }

  /** @param {Place} by */
  #move(by) {
    this.#see(moved(this.#sight, by, this.#size, this.#picture));
  }

  /** @param {Sight} sight */
  #see(sight) {
    this.#sight = sight;
    this.#lay();
  }

  /** @param {Place} at */
  #pointed(at) {
    return this.#shown?.still.url ? pointed(at, this.#sight, this.#size, this.#picture) : null;
  }

  /** @param {Place} place */
  #placed(place) {
    return placed(place, this.#sight, this.#size, this.#picture);
  }

  #lay() {
    if (!this.#shown || !this.root.isConnected) return;
    this.#sight = held(this.#sight, this.#size, this.#picture);
    const { scale, x, y } = this.#sight;
    const { width, height } = fitted(this.#size, this.#picture);
    const { style } = this.image;
    style.width = `${width}px`;
    style.height = `${height}px`;
    style.transform = `translate(-50%, -50%) translate(${x}px, ${y}px) scale(${scale})`;
    reword(this.whole, `${Math.round(scale * 100)} %`);
    attribute(this.whole, "aria-label", _("Agrandie à {percent} % : voir l’image entière", { percent: Math.round(scale * 100) }));
    this.dots.show(this.#shown.dots, ({ seat }) => seat);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const command = this.#commands()[event.key];
    const inFrame = event.target === this.frame || !["Enter", " "].includes(event.key);
    if (!command || !inFrame) return;
    event.preventDefault();
    event.stopPropagation();
    command();
  }

  /** @returns {Record<string, () => unknown>} */
  #commands() {
    const closer = this.#sight.scale > 1;
    /** @type {(x: number, y: number, turn?: 1 | -1) => () => unknown} */
    const arrow = (x, y, turn) => () => (closer ? this.#move({ x: x * NUDGE, y: y * NUDGE }) : turn && this.asks.turn(turn));
    return {
      Escape: () => this.asks.close(),
      "+": () => this.#zoom(STEP),
      "=": () => this.#zoom(STEP),
      "-": () => this.#zoom(1 / STEP),
      0: () => this.#see(WHOLE),
      PageUp: () => this.asks.turn(-1),
      PageDown: () => this.asks.turn(1),
      ArrowLeft: arrow(1, 0, -1),
      ArrowRight: arrow(-1, 0, 1),
      ArrowUp: arrow(0, 1),
      ArrowDown: arrow(0, -1),
      Enter: () => this.asks.point(this.#pointed({ x: 0, y: 0 })),
    };
  }
}

/**
 * A button of one sign, named for who does not see it.
 * @param {string} name
 * @param {string} text
 * @param {() => unknown} press
 */
function tool(name, text, press) {
  const made = button(name, "", press, "small still-tool");
  attribute(made, "aria-label", text);
  attribute(made, "title", text);
  return made;
}

/** A labelled spot, over the picture and never grown with it. */
class DotMark {
  /** @param {(place: Place) => Place} placedAt */
  constructor(placedAt) {
    this.placedAt = placedAt;
    this.name = h("span", { class: "still-dot-name" });
    this.root = h("div", { class: "still-dot" }, h("span", { class: "still-dot-spot" }), this.name);
  }

  /** @param {Dot} dot */
  show(dot) {
    const { x, y } = this.placedAt(dot);
    attribute(this.root, "data-seat", dot.seat);
    this.root.classList.toggle("mine", dot.mine);
    this.root.style.transform = `translate(${x}px, ${y}px)`;
    say(this.name, dot.name);
  }
}
