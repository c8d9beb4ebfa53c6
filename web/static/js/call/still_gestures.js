/**
 * Hands on a still: wheel and pinch bring it closer, a drag moves it, a move or a tap shows a spot.
 * Places are in CSS pixels from the frame's centre. Knows nothing of stills.
 */

/** @import { Place } from "./still_zoom.js" */
/**
 * @typedef {object} Hands
 * @property {(factor: number, at: Place) => void} zoom
 * @property {(by: Place) => void} move
 * @property {(at: Place | null) => void} point
 * @property {() => boolean} closer whether there is something to move
 */

const WHEEL = 0.002;

export class Gestures {
  /** @type {Map<number, Place>} fingers and buttons down, by pointer */
  #down = new Map();
  /** @type {number | null} */
  #apart = null;

  /**
   * @param {HTMLElement} frame
   * @param {Hands} hands
   */
  constructor(frame, hands) {
    this.frame = frame;
    this.hands = hands;
    /** @type {(type: string, heard: (event: any) => void) => void} */
    const on = (type, heard) => frame.addEventListener(type, heard);
    on("pointerdown", (event) => this.#onDown(event));
    on("pointermove", (event) => this.#onMove(event));
    on("pointerup", (event) => this.#onUp(event));
    on("pointercancel", (event) => this.#onUp(event));
    on("pointerleave", (event) => event.pointerType === "mouse" && this.#down.size === 0 && hands.point(null));
    frame.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
  }

  end() {
    this.#down.clear();
    this.#apart = null;
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (event.button !== 0) return;
    this.frame.setPointerCapture?.(event.pointerId);
    this.#down.set(event.pointerId, this.#place(event));
    this.#apart = this.#distance();
    if (this.#down.size === 1) this.hands.point(this.#place(event));
    else this.hands.point(null);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const at = this.#place(event);
    const before = this.#down.get(event.pointerId);
    if (before) this.#down.set(event.pointerId, at);
    if (this.#down.size === 2) return this.#pinch();
    if (before && this.hands.closer()) return this.hands.move({ x: at.x - before.x, y: at.y - before.y });
    this.hands.point(at);
  }

  /** @param {PointerEvent} event */
  #onUp(event) {
    this.#down.delete(event.pointerId);
    this.#apart = this.#distance();
  }

  #pinch() {
    const apart = this.#distance();
    const [one, other] = [...this.#down.values()];
    if (this.#apart && apart) this.hands.zoom(apart / this.#apart, { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
    this.#apart = apart;
  }

  #distance() {
    const [one, other] = [...this.#down.values()];
    return other ? Math.hypot(one.x - other.x, one.y - other.y) : null;
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    event.preventDefault();
    const pixels = event.deltaMode === 0 ? event.deltaY : event.deltaY * 30;
    this.hands.zoom(Math.exp(-pixels * WHEEL), this.#place(event));
  }

  /**
   * @param {MouseEvent} event
   * @returns {Place}
   */
  #place(event) {
    const box = this.frame.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }
}
