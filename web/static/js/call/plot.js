/**
 * The last two minutes of a link as a small drawing: both rates, and under them the rungs.
 *
 * `trace` is pure geometry; `Plot` draws it. The same is said in words beside the drawing.
 */

import { _ } from "../lib/i18n.js";
import { attribute, h } from "./element.js";
import { pictureOf, rate } from "./quality_words.js";

/** @import { LinkSample, Rung, RungMark } from "../../../types/call.d.ts" */
/** @typedef {{way: "up" | "down", rung: Rung, x: number, width: number}} Segment */

export const SECONDS = 120;
export const WIDTH = 320;
export const HEIGHT = 96;
const STRIP = 18;
/** bit/s at the foot of the drawing: a thin link must be read beside a wide one. */
const FOOT = 5_000;
const SVG = "http://www.w3.org/2000/svg";

/**
 * Rates are drawn by their logarithm, so that each power of ten has the same height.
 * @param {LinkSample[]} samples rates in bit/s, `at` in ms
 * @param {RungMark[]} marks
 * @param {number} now ms
 */
export function trace(samples, marks, now) {
  const recent = samples.filter((one) => now - one.at <= SECONDS * 1000 && one.at <= now);
  const top = ceilingOf(recent.flatMap((one) => [one.up, one.down]));
  /** @param {number} at */
  const x = (at) => round(WIDTH * Math.max(0, 1 - (now - at) / (SECONDS * 1000)));
  /** @param {number} value */
  const y = (value) => round(HEIGHT * (1 - Math.log(Math.max(FOOT, value) / FOOT) / Math.log(top / FOOT)));
  /** @param {"up" | "down"} way */
  const path = (way) => pathOf(recent.map((one) => [x(one.at), y(one[way])]));
  const segments = [...segmentsOf(marks, "up", now, x), ...segmentsOf(marks, "down", now, x)];
  const lines = [1e4, 1e5, 1e6, 1e7].filter((value) => value <= top).map((value) => ({ value, y: y(value) }));
  return { top, lines, up: path("up"), down: path("down"), segments };
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}

/**
 * Above all that is drawn, with some air; at least 100 kbit/s.
 * @param {number[]} values
 */
function ceilingOf(values) {
  return Math.max(100_000, 1.2 * Math.max(...values));
}

/** @param {number[][]} points */
function pathOf(points) {
  return points.map(([x, y], index) => `${index ? "L" : "M"}${x} ${y}`).join("");
}

/**
 * @param {RungMark[]} marks in order of time
 * @param {"up" | "down"} way
 * @param {number} now
 * @param {(at: number) => number} x
 * @returns {Segment[]}
 */
function segmentsOf(marks, way, now, x) {
  const own = marks.filter((one) => one.way === way);
  return own.flatMap(({ rung, at }, index) => {
    const from = x(at);
    const to = x(own[index + 1]?.at ?? now);
    return to > from ? [{ way, rung, x: from, width: round(to - from) }] : [];
  });
}

export class Plot {
  constructor() {
    this.up = shape("path", { class: "plot-up" });
    this.down = shape("path", { class: "plot-down" });
    this.scale = shape("g", {});
    this.strips = shape("g", {});
    this.svg = shape("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT + 2 * STRIP + 6}`, role: "img" });
    this.svg.append(this.scale, this.down, this.up, this.strips);
    this.legend = h("p", { class: "plot-legend small" }, h("span", { class: "up" }, _("montant, de vous")), h("span", { class: "down" }, _("descendant, vers vous")));
    this.root = h("figure", { class: "stack-tight" }, this.svg, this.legend);
  }

  /**
   * @param {LinkSample[]} samples
   * @param {RungMark[]} marks
   * @param {number} now
   */
  show(samples, marks, now) {
    const { lines, up, down, segments } = trace(samples, marks, now);
    attribute(this.up, "d", up);
    attribute(this.down, "d", down);
    this.scale.replaceChildren(...lines.flatMap(line));
    this.strips.replaceChildren(...segments.flatMap(strip));
    attribute(this.svg, "aria-label", inWords(samples, now));
  }
}

/** @param {{value: number, y: number}} line */
function line({ value, y }) {
  const text = shape("text", { x: 2, y: y < 12 ? y + 11 : y - 3 });
  text.textContent = rate(value / 1000);
  return [shape("path", { class: "plot-base", d: `M0 ${y}H${WIDTH}` }), text];
}

/** @param {Segment} segment */
function strip({ way, rung, x, width }) {
  const y = HEIGHT + 4 + (way === "up" ? 0 : STRIP + 1);
  const words = nameOf(rung);
  const bar = shape("rect", { class: `plot-rung ${way} ${rung}`, x, y, width, height: STRIP - 2, rx: 2 });
  const title = shape("title", {});
  title.textContent = words;
  bar.append(title);
  if (width < words.length * 5.2 + 6) return [bar];
  const text = shape("text", { class: "plot-word", x: x + 4, y: y + 12 });
  text.textContent = words;
  return [bar, text];
}

/** @param {Rung} rung */
export function nameOf(rung) {
  return pictureOf(rung) || (rung === "voice" ? _("voix seule") : _("écrit seul"));
}

/**
 * What the drawing says, for whoever does not see it.
 * @param {LinkSample[]} samples
 * @param {number} now
 */
function inWords(samples, now) {
  const recent = samples.filter((one) => now - one.at <= SECONDS * 1000);
  const parts = [between(_("Montant"), recent.map((one) => one.up)), between(_("Descendant"), recent.map((one) => one.down))];
  return `${_("Débits des deux dernières minutes.")} ${parts.filter(Boolean).join(" ")}`;
}

/**
 * @param {string} way
 * @param {number[]} values
 */
function between(way, values) {
  const last = values.at(-1);
  if (last === undefined) return "";
  const [least, most] = [Math.min(...values), Math.max(...values)].map((one) => rate(one / 1000));
  return _("{way} : entre {least} et {most}, maintenant {last}.", { way, least, most, last: rate(last / 1000) });
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
