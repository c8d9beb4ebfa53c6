/**
 * The call around its pictures: the banner, the bar of commands, the side panel and the keys.
 */

import { _ } from "../lib/i18n.js";
import { attribute, button, h, resign, reword, say, sign } from "./element.js";
import { banner, unread } from "./state.js";
import * as words from "./words.js";

/** @import { Actions, DeviceState, PanelName, PanelView, Snapshot, State, Tone } from "../../../types/call.d.ts" */

/** @type {Record<Tone, string>} */
const SIGN_OF_TONE = { calm: "info", warn: "alert", bad: "lost" };

/** One line that says what is happening and what will happen next. */
export class Banner {
  /** @param {Actions} actions */
  constructor(actions) {
    this.text = h("p");
    this.sound = button("sound", _("Activer le son"), () => actions.resumeSound(), "small primary");
    this.unlock = button("lock", _("Rouvrir la salle"), () => actions.lock(), "small");
    this.root = h("div", { class: "banner", role: "status", hidden: true }, sign("info"), this.text, this.sound, this.unlock);
  }

  /**
   * `notice` is a passing word of the page: an answer to what was just asked.
   * @param {State} state
   * @param {[Tone, string] | null} notice
   */
  show(state, notice) {
    const code = banner(state);
    /** @type {[Tone, string]} */
    const lasting = code ? words.banner(code) : ["calm", ""];
    const [shownTone, shownText] = notice && lasting[0] === "calm" ? notice : lasting;
    attribute(this.root, "hidden", !shownText);
    attribute(this.root, "data-tone", shownTone);
    attribute(this.root, "data-code", code);
    attribute(this.root, "role", shownTone === "bad" ? "alert" : "status");
    resign(this.root, SIGN_OF_TONE[shownTone]);
    say(this.text, shownText);
    attribute(this.sound, "hidden", code !== "audio_blocked");
    attribute(this.unlock, "hidden", code !== "locked" || shownText !== lasting[1] || !state.context.host);
  }
}

/** The bar. A button's word says how things are; its full name adds what pressing does. */
export class Controls {
  /**
   * @param {Actions} actions
   * @param {Panel} panel
   */
  constructor(actions, panel) {
    this.mic = this.#button("mic", () => actions.toggle("mic"));
    this.camera = this.#button("camera", () => actions.toggle("camera"));
    this.exam = this.#button("exam", () => actions.exam(), "wide-only");
    this.hand = this.#button("hand", () => actions.hand());
    this.chat = this.#button("chat", () => panel.toggle("chat"));
    this.people = this.#button("people", () => panel.toggle("people"), "wide-only");
    this.settings = this.#button("settings", () => panel.toggle("settings"));
    this.leave = this.#button("leave", () => actions.leave(), "leave");
    this.panel = panel;
    this.badge = h("span", { class: "badge-count", hidden: true });
    this.chat.append(this.badge);
    const all = [this.mic, this.camera, this.exam, this.hand, this.chat, this.people, this.settings, this.leave];
    this.root = h("div", { class: "controls", role: "group", "aria-label": _("Commandes") }, ...all);
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    this.#showDevice(this.mic, "mic", snapshot.mic, { on: [_("Micro"), _("couper")], off: [_("Micro coupé"), _("rouvrir")], lost: [_("Micro perdu"), ""], none: [_("Sans micro"), _("réessayer")] });
    this.#showDevice(this.camera, "camera", snapshot.camera, { on: [_("Caméra"), _("éteindre")], off: [_("Caméra éteinte"), _("allumer")], lost: [_("Caméra perdue"), ""], none: [_("Sans caméra"), _("réessayer")] });
    const showing = snapshot.exam === "on";
    label(this.exam, _("2e image"), showing ? _("arrêter") : _("choisir"));
    attribute(this.exam, "aria-pressed", String(showing));
    const up = Boolean(state.room?.seats.find((seat) => seat.seat === state.context.seat)?.hand);
    label(this.hand, up ? _("Main levée") : _("Main"), up ? _("baisser") : _("lever"));
    this.hand.classList.toggle("on", up);
    this.#showPanels(unread(state));
    label(this.leave, _("Quitter"), "");
  }

  /**
   * @param {HTMLElement} node
   * @param {string} name
   * @param {DeviceState} state
   * @param {Record<DeviceState, [string, string]>} texts
   */
  #showDevice(node, name, state, texts) {
    label(node, ...texts[state]);
    resign(node, state === "on" ? name : `${name}_off`);
    node.classList.toggle("off", state !== "on");
  }

  /** @param {number} count */
  #showPanels(count) {
    label(this.chat, _("Messages"), count ? _("{count} non lus", { count }) : "");
    say(this.badge, String(count));
    attribute(this.badge, "hidden", count === 0);
    label(this.people, _("Présents"), "");
    label(this.settings, _("Réglages"), "");
    for (const name of /** @type {const} */ (["chat", "people", "settings"])) attribute(this[name], "aria-expanded", String(this.panel.open === name));
  }

  /**
   * @param {string} name
   * @param {() => unknown} onclick
   * @param {string} [look]
   */
  #button(name, onclick, look = "") {
    return button(name, "", onclick, `control ${look}`);
  }
}

/**
 * @param {HTMLElement} node
 * @param {string} shown
 * @param {string} action
 */
function label(node, shown, action) {
  reword(node, shown);
  attribute(node, "aria-label", action ? `${shown} : ${action}` : shown);
}

/** Beside the pictures, or over them on a telephone: one of messages, people, settings. */
export class Panel {
  /** @type {PanelName | null} */
  open = null;

  /**
   * @param {Record<PanelName, PanelView>} views
   * @param {() => void} told
   */
  constructor(views, told) {
    this.views = views;
    this.told = told;
    /** @type {Record<PanelName, string>} */
    const titles = { chat: _("Messages"), people: _("Présents"), settings: _("Réglages"), link: _("Liaison") };
    const names = /** @type {PanelName[]} */ (Object.keys(titles));
    this.tabs = names.map((name) => h("button", { type: "button", role: "tab", class: "tab", "data-panel": name, onclick: () => this.show(name) }, titles[name]));
    const close = button("cross", _("Fermer"), () => this.show(null), "small close");
    attribute(close, "aria-label", _("Fermer le volet"));
    this.root = h("aside", { class: "panel", "aria-label": _("À côté de la consultation"), hidden: true }, h("div", { class: "panel-head" }, h("div", { role: "tablist", class: "tabs", onkeydown: (event) => this.#onKey(event) }, ...this.tabs), close), ...Object.values(views).map((view) => view.root));
  }

  /** @param {PanelName} name */
  toggle(name) {
    this.show(this.open === name ? null : name);
  }

  /** @param {PanelName | null} name */
  show(name) {
    this.open = name;
    attribute(this.root, "hidden", !name);
    for (const tab of this.tabs) {
      attribute(tab, "aria-selected", String(tab.dataset.panel === name));
      attribute(tab, "tabindex", tab.dataset.panel === name ? null : "-1");
    }
    for (const key of /** @type {PanelName[]} */ (Object.keys(this.views))) attribute(this.views[key].root, "hidden", key !== name);
    this.told();
    if (name) this.views[name].focus?.();
  }

  /**
   * Left and right go from tab to tab, as everywhere.
   * @param {KeyboardEvent} event
   */
  #onKey(event) {
    const way = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const next = way && this.tabs.at((this.tabs.findIndex((tab) => tab.dataset.panel === this.open) + way) % this.tabs.length);
    if (!next) return;
    this.show(/** @type {PanelName} */ (next.dataset.panel));
    next.focus();
  }
}

/** One letter, one command; never while writing, and not at all when switched off. */
export class Keys {
  static memory = "carbet.keys";

  /** @param {Record<string, () => unknown>} commands */
  constructor(commands) {
    this.on = localStorage.getItem(Keys.memory) !== "off";
    addEventListener("keydown", (event) => {
      const command = commands[event.key.toLowerCase()];
      if (!command || !this.#heeds(event)) return;
      event.preventDefault();
      command();
    });
  }

  /** @param {boolean} on */
  set(on) {
    this.on = on;
    localStorage.setItem(Keys.memory, on ? "on" : "off");
  }

  /** @param {KeyboardEvent} event */
  #heeds(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return false;
    if (document.querySelector("dialog[open]")) return false;
    if (event.key === "Escape") return true;
    const writing = event.target instanceof Element && event.target.closest("input, textarea, select");
    return this.on && !writing;
  }
}
