/**
 * The call page: brings together line, media, devices and views, and holds the one state.
 * The whole journey is one document: device page, door, call, end.
 */

// @ts-ignore -- npm's file, which the server puts there; typed where it is used
import { WebSocket as Sockets, XHR, io } from "../../vendor/socket.io.esm.min.js";
import { _ } from "../lib/i18n.js";
import { Chat } from "../call/chat.js";
import { Banner, Controls, Keys, Panel } from "../call/controls.js";
import { Devices } from "../call/devices.js";
import { askLeave, askRemove, showKeys } from "../call/dialogs.js";
import { h } from "../call/element.js";
import { Equipment } from "../call/equipment.js";
import { hasty } from "../call/haste.js";
import { Indicator, Offers } from "../call/indicator.js";
import { Link } from "../call/link.js";
import { Media } from "../call/media.js";
import { DoorCard, People } from "../call/people.js";
import { Line } from "../call/protocol.js";
import { Seat, writtenBy } from "../call/seat.js";
import { Settings } from "../call/settings.js";
import { Stage } from "../call/stage.js";
import { banner, begin, lastMessage, phase, step } from "../call/state.js";
import { Stills } from "../call/stills.js";
import { Threshold } from "../call/threshold.js";
import { Door, Ending } from "../call/waiting.js";
import { wakeful } from "../call/wakefulness.js";
import * as words from "../call/words.js";

/** @import { Actions, Context, Event, Message, Phase, Snapshot, State, Tone } from "../../../types/call.d.ts" */

const NOTICE_SECONDS = 6;
const CUTS = ["line_lost", "media_lost", "all_lost"];

/** @type {any} */
const connect = (/** @type {string} */ path, /** @type {object} */ options) => io(path, { ...options, transports: [hasty(Sockets), XHR] });

class Call {
  /** @type {{tone: Tone, text: string, timer: ReturnType<typeof setTimeout>} | null} */
  #notice = null;

  /**
   * @param {HTMLElement} main
   * @param {Context} context
   */
  constructor(main, context) {
    this.main = main;
    this.state = begin(context);
    const actions = this.#actions();
    this.media = new Media();
    this.devices = new Devices();
    this.line = new Line(connect, context.consultation, () => ({
      last_message: lastMessage(this.state),
      session: this.media.carrying,
      ...way(),
    }));
    this.threshold = new Threshold(context, actions);
    this.door = new Door(context, actions);
    this.ending = new Ending(context, actions);
    this.stage = new Stage(actions);
    this.doorCard = new DoorCard(actions);
    this.banner = new Banner(actions);
    this.indicator = new Indicator(actions);
    this.offers = new Offers(context, actions);
    const views = {
      chat: new Chat(context, actions),
      people: new People(context, actions),
      settings: new Settings(context, actions),
      link: new Link(context, () => this.media.uplink.samples()),
    };
    this.panel = new Panel(views, () => this.#onPanel());
    this.controls = new Controls(actions, this.panel);
    this.keys = new Keys(this.#commands(actions));
    this.pages = {
      device: [this.threshold.root],
      door: [this.door.root],
      call: [h("h1", { class: "visually-hidden" }, _("Consultation")), this.banner.root, this.doorCard.root, this.indicator.root, this.stage.root, this.panel.root, this.offers.root, this.controls.root],
      over: [this.ending.root],
    };
    this.seat = new Seat(this, this.line);
    this.stills = new Stills(this, this.line, {
      track: (source) => this.devices.track(source),
      hold: async (source) => {
        await this.media.give(source, null);
        return () => this.media.give(source, this.devices.track(source));
      },
    });
    this.stage.root.append(this.stills.root);
    this.stage.lastStill = ({ seat, sort }) => this.stills.latest(seat, sort === "exam" ? "exam" : "camera");
    this.equipment = new Equipment(this, this, {
      stage: this.stage,
      mirrors: [this.threshold, this.door],
      loud: (level) => this.threshold.hear(level),
    });
    this.#listenWindow();
  }

  start() {
    this.#render();
    this.line.open();
    this.equipment.begin();
  }

  /**
   * An event of `state.step` happened.
   * @param {Event} event
   */
  tell(event) {
    const before = this.state;
    this.state = step(before, event);
    const now = phase(this.state);
    if (now !== phase(before)) this.#enterPhase(now);
    if (CUTS.includes(banner(before) ?? "") && [null, "locked"].includes(banner(this.state))) this.notify(...words.banner("back"));
    this.#render();
  }

  /**
   * A passing word, as an answer to what was just asked.
   * @param {Tone} tone
   * @param {string} text
   */
  notify(tone, text) {
    if (this.#notice) clearTimeout(this.#notice.timer);
    const timer = setTimeout(() => {
      this.#notice = null;
      this.#render();
    }, NOTICE_SECONDS * 1000);
    this.#notice = { tone, text, timer };
    this.#render();
  }

  #onPanel() {
    if (this.panel.open === "chat") this.#notice = null;
    this.#render();
  }

  /** @param {Message} message */
  onWritten(message) {
    if (this.panel.open !== "chat") this.notify("calm", writtenBy(message));
  }

  /**
   * What views may ask for.
   * @returns {Actions}
   */
  #actions() {
    return {
      toggle: (source) => this.equipment.toggle(source),
      use: (source, id) => this.devices.use(source, id),
      flip: () => this.equipment.flip(),
      shareScreen: () => this.devices.shareScreen(),
      exam: () => (this.devices.snapshot.exam === "on" ? this.devices.toggle("exam") : this.panel.toggle("settings")),
      startDevices: () => this.devices.start(),
      consent: (given) => this.seat.consent(given),
      knock: () => this.seat.knock(),
      back: () => this.seat.back(),
      write: (text) => this.seat.write(text),
      rewrite: (id) => this.seat.rewrite(id),
      unwrite: (id) => this.seat.outbox.drop(id),
      hand: () => this.seat.hand(),
      admit: (seat) => this.seat.command("admit", { seat }),
      refuse: (seat) => this.seat.command("refuse", { seat }),
      remove: (seat) => this.#remove(seat),
      lock: () => this.seat.command("lock", { locked: !this.state.room?.locked }),
      leave: () => this.#leave(),
      quit: () => this.seat.leave(),
      still: (seat, source) => this.stills.take(seat, source),
      pin: (tile) => this.tell({ type: "pin", tile }),
      stopped: (seats) => this.tell({ type: "stopped", seats }),
      matters: (seat, source, what) => this.seat.command("matters", { seat, source, what }),
      compose: () => this.panel.show("chat"),
      details: () => this.panel.toggle("link"),
      audioBlocked: (blocked) => this.tell({ type: "audio", blocked }),
      resumeSound: () => this.stage.sound.resume(),
      shortcuts: () => showKeys(this.keys),
    };
  }

  /** @param {Actions} actions */
  #commands(actions) {
    /** @type {(phases: Phase[], command: () => unknown) => () => unknown} */
    const during = (phases, command) => () => phases.includes(phase(this.state)) && command();
    /** @type {(command: () => unknown) => () => unknown} */
    const inCall = (command) => during(["call"], command);
    return {
      m: during(["device", "call"], () => actions.toggle("mic")),
      v: during(["device", "call"], () => actions.toggle("camera")),
      e: inCall(actions.exam),
      h: inCall(actions.hand),
      c: inCall(() => this.panel.toggle("chat")),
      p: inCall(() => this.panel.toggle("people")),
      "?": inCall(actions.shortcuts),
      escape: inCall(() => (this.panel.open ? this.#closePanel() : this.stills.close())),
    };
  }

  #closePanel() {
    const opened = this.panel.open;
    if (!opened) return;
    this.panel.show(null);
    (opened === "link" ? this.indicator.open : this.controls[opened]).focus();
  }

  /** @param {string} seat */
  async #remove(seat) {
    const name = this.state.room?.seats.find((one) => one.seat === seat)?.name ?? "";
    if (await askRemove(name)) this.seat.command("remove", { seat });
  }

  async #leave() {
    const how = this.state.context.host ? await askLeave() : "leave";
    if (how === "end") this.seat.command("end");
    if (how === "leave") this.seat.leave();
  }

  #render() {
    const { state } = this;
    const snapshot = this.devices.snapshot;
    const now = phase(state);
    if (now === "device") this.threshold.show(state, snapshot);
    if (now === "door") this.door.show(state, snapshot);
    if (now === "over") this.ending.show(state);
    if (now === "call") this.#showCall(state, snapshot);
    if (this.main.dataset.state !== now) this.#turnTo(now);
    document.title = words.title(now, { waiting: state.room?.door?.length ?? 0, why: state.over?.why ?? "", cut: banner(state) === "line_lost" || banner(state) === "all_lost" });
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  #showCall(state, snapshot) {
    this.banner.show(state, this.#notice && [this.#notice.tone, this.#notice.text]);
    this.doorCard.show(state);
    this.indicator.show(state, this.panel.open === "link");
    this.offers.show(state);
    this.stage.show(state, snapshot);
    this.controls.show(state, snapshot);
    if (this.panel.open) this.panel.views[this.panel.open].show(state, snapshot);
    const latest = lastMessage(state);
    if (this.panel.open === "chat" && latest > state.read) this.tell({ type: "read", number: latest });
  }

  /**
   * Another page of the journey: the reader's place moves with it.
   * @param {Phase} now
   */
  #turnTo(now) {
    const first = !this.main.dataset.state;
    this.main.dataset.state = document.body.dataset.state = now;
    this.main.replaceChildren(...this.pages[now]);
    if (!first) /** @type {HTMLElement} */ (this.main.querySelector("h1[tabindex]") ?? this.main).focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  /** @param {Phase} now */
  #enterPhase(now) {
    if (now === "device") this.equipment.begin();
    else this.equipment.deafen();
    if (now === "call" || now === "door") this.equipment.declare();
    if (now === "over") this.#finish();
    if (now === "door" && !this.devices.track("mic")) this.equipment.begin();
    wakeful(now === "call");
  }

  #finish() {
    this.equipment.end();
    this.seat.rest();
    this.stills.end();
    if (this.panel.open) this.panel.show(null);
    document.querySelector("dialog")?.close();
  }

  #listenWindow() {
    addEventListener("beforeunload", (event) => {
      if (this.seat.outbox.pending.length || this.stills.own.waiting) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => wakeful(phase(this.state) === "call"));
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.equipment.onGesture());
  }
}

/**
 * What this page knows of its way to the server before the call: how long its own connection took to be
 * made, and whether the browser was told to be thrifty.
 * @returns {{rtt?: number, saver?: boolean}}
 */
function way() {
  const [page] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  const made = page ? (page.secureConnectionStart || page.connectEnd) - page.connectStart : 0;
  const { connection } = /** @type {{connection?: {saveData?: boolean}}} */ (navigator);
  return { ...(made > 0 && { rtt: made / 1000 }), ...(connection?.saveData && { saver: true }) };
}

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @type {Context} */
const context = JSON.parse(part("context").textContent ?? "");
words.setClocks(context);
new Call(part("main"), context).start();
