/**
 * Makes and mends DOM nodes. Never reads markup: whatever a text holds, it stays a text.
 */

/** @import { RowView } from "../../../types/call.d.ts" */
/** @typedef {string | number | boolean | null | undefined} Value */

const SVG = "http://www.w3.org/2000/svg";

/** Signs, 24×24, one stroke each. All are decoration: a word beside them says the same. */
/** @type {Record<string, string>} */
const SIGNS = {
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3ZM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  mic_off: "M15 8V6a3 3 0 0 0-5.8-1M9 9.5V11a3 3 0 0 0 4.6 2.5M5.5 11a6.5 6.5 0 0 0 10.3 5.3M18.5 11a6.5 6.5 0 0 1-.6 2.7M12 17.5V21M4 3l16 18",
  camera: "M3 7h12v10H3zM15 11l6-3.5v9L15 13",
  camera_off: "M9 7h6v6M15 11l6-3.5v9l-2.5-1.5M15 17H3V7h2M3 3l18 18",
  exam: "M4 5h16v11H4zM9 20h6M12 16v4M12 8v5M9.5 10.5h5",
  screen: "M3 5h18v11H3zM9 20h6M12 16v4",
  chat: "M4 5h16v11H9l-5 4V5ZM8 9h8M8 12h5",
  still: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z",
  hand: "M7 12V6.5a1.5 1.5 0 0 1 3 0V11V4.5a1.5 1.5 0 0 1 3 0V11V5.5a1.5 1.5 0 0 1 3 0V12V8.5a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6h-1c-2.5 0-4-1-5.5-3.5L4 13.5c-.6-1.3 1-2.5 2-1.3l1 1.3",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14a6.5 6.5 0 0 1 3.5 6",
  leave: "M3 14.5c0-1.5 3.5-4 9-4s9 2.5 9 4v2.5l-5-1v-2.5c-2.5-.8-5.5-.8-8 0V16l-5 1v-2.5Z",
  settings: "M4 7h9M17 7h3M15 5v4M4 12h3M11 12h9M9 10v4M4 17h11M19 17h1M17 15v4",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2",
  door: "M5 21V4l9-1.5v19L5 21ZM14 5h5v16h-5M10.5 11.5V13",
  good: "M4 17v3M9.3 13v7M14.7 9v11M20 4v16",
  weak: "M4 17v3M9.3 13v7M14.7 19.9v.1M20 19.9v.1",
  lost: "M4 17v3M9.3 19.9v.1M13 5l8 8M21 5l-8 8",
  before: "M15 5l-7 7 7 7",
  after: "m9 5 7 7-7 7",
  phone: "M6.5 3.5 10 8l-2 2.5a13 13 0 0 0 5.5 5.5L16 14l4.5 3.5-2 3C10.5 20.5 3.5 13.5 3.5 5.5Z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  connecting: "M12 3a9 9 0 1 0 9 9M12 7v5l3 2",
  alert: "M12 3 2 20h20L12 3ZM12 10v4.5M12 17.2v.1",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5.5M12 7.5v.1",
  check: "m4.5 12.5 5 5L20 7",
  cross: "m6 6 12 12M18 6 6 18",
  sound: "M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 7.5V12l3 2",
  send: "M4 12 20 4l-5 16-4-6.5L4 12ZM11 13.5 20 4",
  keyboard: "M3 6h18v12H3zM7 10h.1M11 10h.1M15 10h.1M18 10h.1M8 14h8",
  turn: "M4 10a8 8 0 0 1 14-4l2 2M20 4v4h-4M20 14a8 8 0 0 1-14 4l-2-2M4 20v-4h4",
  remove: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20a6.5 6.5 0 0 1 13 0M17 9l5 5M22 9l-5 5",
};

/**
 * An element: `h("button", {class: "button", onclick: press, "aria-pressed": "true"}, "Texte")`.
 * A function listens to the event its key names after `on`; null and false leave the attribute out.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Value | ((event: any) => unknown)>} [props]
 * @param {(Node | string | null | undefined | false)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else attribute(node, key, value);
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

/**
 * @param {Element} node
 * @param {string} key
 * @param {Value} value
 */
export function attribute(node, key, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(key);
  else if (node.getAttribute(key) !== String(value)) node.setAttribute(key, value === true ? "" : String(value));
}

/**
 * Sets a text only when it changes, so that a live region speaks once.
 * @param {Element} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {string} name one of `SIGNS` */
export function sign(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon sign");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  resign(svg, name);
  return svg;
}

/**
 * Changes the sign drawn in an element.
 * @param {Element} owner holds a `sign`
 * @param {string} name
 */
export function resign(owner, name) {
  attribute(/** @type {Element} */ (owner.querySelector("path")), "d", SIGNS[name]);
}

/**
 * Changes the words beside the sign.
 * @param {Element} owner made by `button` or of the same shape
 * @param {string} text
 */
export function reword(owner, text) {
  say(/** @type {Element} */ (owner.querySelector("span")), text);
}

/**
 * Words with their sign, such as a state or a mark.
 * @param {string} look its class
 * @param {string} name
 * @param {string} [text]
 */
export function labelled(look, name, text = "") {
  return h("span", { class: look }, sign(name), h("span", {}, text));
}

/**
 * Keeps one child of `parent` for each item, in order, made once and mended after.
 * Nodes which stay are not moved, so that focus and pictures stay too.
 * @template Item
 * @template {RowView<Item>} View
 */
export class Rows {
  /** @type {Map<string, View>} */
  #made = new Map();

  /**
   * @param {HTMLElement} parent
   * @param {() => View} make
   */
  constructor(parent, make) {
    this.parent = parent;
    this.make = make;
  }

  /**
   * @param {Item[]} items
   * @param {(item: Item) => string} keyOf
   */
  show(items, keyOf) {
    const wanted = new Set(items.map(keyOf));
    for (const [key, view] of this.#made) if (!wanted.has(key)) this.#drop(key, view);
    /** @type {ChildNode | null} */
    let place = this.parent.firstChild;
    for (const item of items) {
      const view = this.#viewOf(keyOf(item));
      if (view.root === place) place = view.root.nextSibling;
      else this.parent.insertBefore(view.root, place);
      view.show(item);
    }
  }

  get views() {
    return [...this.#made.values()];
  }

  /** @param {string} key */
  #viewOf(key) {
    const view = this.#made.get(key) ?? this.make();
    this.#made.set(key, view);
    return view;
  }

  /**
   * @param {string} key
   * @param {View} view
   */
  #drop(key, view) {
    view.root.remove();
    this.#made.delete(key);
  }
}

/**
 * A button with a sign and a word.
 * @param {string | null} name the sign's
 * @param {string} text
 * @param {() => unknown} onclick
 * @param {string} [look] more classes
 */
export function button(name, text, onclick, look = "") {
  return h("button", { type: "button", class: `button ${look}`, onclick }, name && sign(name), h("span", {}, text));
}
