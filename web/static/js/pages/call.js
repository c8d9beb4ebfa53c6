/**
 * The call page: brings together line, media, devices and views, and holds the one state.
 * The whole journey is one document: device page, door, call, end.
 */

import { io } from "../../vendor/socket.io.esm.min.js";
import { _ } from "../lib/i18n.js";
import { Chat } from "../call/chat.js";
import { Banner, Controls, Keys, Panel } from "../call/controls.js";
import { Devices } from "../call/devices.js";
import { askLeave, askRemove, showKeys } from "../call/dialogs.js";
import { Meter } from "../call/level.js";
import { Media } from "../call/media.js";
import { Outbox } from "../call/outbox.js";
import { DoorCard, People } from "../call/people.js";
import { Line } from "../call/protocol.js";
import { Settings } from "../call/settings.js";
import { Stage } from "../call/stage.js";
import { banner, begin, lastMessage, phase, step } from "../call/state.js";
import { Threshold } from "../call/threshold.js";
import { Door, Ending } from "../call/waiting.js";
import * as words from "../call/words.js";

const NOTICE_SECONDS = 6;
const FLUSH_AGAIN_SECONDS = 3;
const SETTLE_SECONDS = 2;

class Call {
  #notice = null;
  #unanswered = null;

  constructor(main, context) {
    this.main = main;
    this.state = begin(context);
    this.media = new Media();
    this.line = new Line(io, context.consultation, () => ({ last_message: lastMessage(this.state), session: this.media.carrying }));
    this.devices = new Devices();
    this.outbox = new Outbox((entry) => this.#send(entry), () => crypto.randomUUID(), (pending) => this.tell({ type: "outbox", pending }));
    this.#build(context);
    this.#listenLine();
    this.#listenMedia();
    this.#listenDevices();
    this.#listenWindow();
  }

  start() {
    this.#render();
    this.line.open();
    this.devices.start();
  }

  tell(event) {
    const before = phase(this.state);
    const code = banner(this.state);
    this.state = step(this.state, event);
    const now = phase(this.state);
    if (now !== before) this.#enterPhase(now);
    if (code?.endsWith("lost") && banner(this.state) === null) this.notify(...words.banner("back"));
    this.#render();
  }

  notify(tone, text) {
    clearTimeout(this.#notice?.timer);
    const timer = setTimeout(() => {
      this.#notice = null;
      this.#render();
    }, NOTICE_SECONDS * 1000);
    this.#notice = { tone, text, timer };
    this.#render();
  }

  #build(context) {
    const actions = this.#actions();
    this.threshold = new Threshold(context, actions);
    this.door = new Door(context, actions);
    this.ending = new Ending(context, actions);
    this.stage = new Stage(context, actions);
    this.doorCard = new DoorCard(actions);
    this.banner = new Banner(actions);
    this.panel = new Panel({ chat: new Chat(context, actions), people: new People(context, actions), settings: new Settings(context, actions) }, () => this.#render());
    this.controls = new Controls(context, actions, this.panel);
    this.keys = new Keys(this.#commands(actions));
    this.pages = {
      device: [this.threshold.root],
      door: [this.door.root],
      call: [this.banner.root, this.doorCard.root, this.stage.root, this.panel.root, this.controls.root],
      over: [this.ending.root],
    };
  }

  /** What views may ask for. */
  #actions() {
    return {
      toggle: (source) => this.#toggle(source),
      use: (source, id) => this.devices.use(source, id),
      flip: () => this.#flip(),
      shareScreen: () => this.devices.shareScreen(),
      exam: () => (this.devices.snapshot.exam === "on" ? this.devices.toggle("exam") : this.panel.toggle("settings")),
      startDevices: () => this.devices.start(),
      consent: (given) => this.#consent(given),
      knock: () => this.#knock(),
      back: () => this.#back(),
      write: (text) => this.#flushed(this.outbox.add(text)),
      rewrite: (id) => this.#flushed(this.outbox.retry(id)),
      unwrite: (id) => this.outbox.drop(id),
      hand: () => this.line.keep("hand", { up: !this.#mySeat()?.hand }),
      admit: (seat) => this.#command("admit", { seat }),
      refuse: (seat) => this.#command("refuse", { seat }),
      remove: (seat) => this.#remove(seat),
      lock: () => this.#command("lock", { locked: !this.state.room?.locked }),
      leave: () => this.#leave(),
      pin: (tile) => this.tell({ type: "pin", tile }),
      audioBlocked: (blocked) => this.tell({ type: "audio", blocked }),
      resumeSound: () => this.stage.sound.resume(),
      shortcuts: () => showKeys(this.keys),
    };
  }

  #commands(actions) {
    const inCall = (command) => () => phase(this.state) === "call" && command();
    return {
      m: () => ["device", "call"].includes(phase(this.state)) && actions.toggle("mic"),
      v: () => ["device", "call"].includes(phase(this.state)) && actions.toggle("camera"),
      e: inCall(actions.exam),
      h: inCall(actions.hand),
      c: inCall(() => this.panel.toggle("chat")),
      p: inCall(() => this.panel.toggle("people")),
      "?": inCall(actions.shortcuts),
      escape: inCall(() => this.#closePanel()),
    };
  }

  #closePanel() {
    const opened = this.panel.open;
    if (!opened) return;
    this.panel.show(null);
    this.controls[opened].focus();
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
    document.title = titleOf(state, now);
  }

  #showCall(state, snapshot) {
    this.banner.show(state, this.#notice && [this.#notice.tone, this.#notice.text]);
    this.doorCard.show(state);
    this.stage.show(state, snapshot);
    this.controls.show(state, snapshot);
    this.panel.views[this.panel.open]?.show(state, snapshot);
    if (this.panel.open === "chat" && lastMessage(state) > state.read) this.tell({ type: "read", number: lastMessage(state) });
  }

  /** Another page of the journey: the reader's place moves with it. */
  #turnTo(now) {
    const first = !this.main.dataset.state || this.main.dataset.state === "loading";
    this.main.dataset.state = document.body.dataset.state = now;
    this.main.replaceChildren(...this.pages[now]);
    if (!first) (this.main.querySelector("h1[tabindex]") ?? this.main).focus();
  }

  #enterPhase(now) {
    if (now === "device") this.devices.start();
    if (now === "call" || now === "door") this.#keepMedia();
    if (now !== "device") this.#stopMeter();
    if (now === "over") this.#finish();
    wakeful(now === "call");
  }

  #finish() {
    this.media.close();
    this.devices.stop();
    this.panel.open && this.panel.show(null);
    for (const event of ["media", "knock", "hand"]) this.line.forget(event);
  }

  // The line.

  #listenLine() {
    const on = (type, heard) => this.line.addEventListener(type, ({ detail }) => heard(detail));
    on("up", () => this.#onUp());
    on("down", () => this.tell({ type: "line_down", at: Date.now() }));
    on("refused", () => this.tell({ type: "line_refused" }));
    on("room", (room) => this.#onRoom(room));
    on("message", (message) => this.#onMessage(message));
    on("offer", (offer) => this.#onOffer(offer));
    on("slots", ({ session, slots }) => this.tell({ type: "slots", session, slots }));
    on("speaker", ({ seat }) => this.tell({ type: "speaker", seat }));
    on("superseded", () => this.tell({ type: "superseded" }));
    on("revoked", () => this.tell({ type: "revoked" }));
    on("kept", (kept) => this.#onKept(kept));
  }

  #onUp() {
    this.tell({ type: "line_up", at: Date.now() });
    this.#flushed(this.outbox.flush());
    if (this.#unanswered) this.#answer(this.#unanswered);
    setTimeout(() => this.media.ailing && this.#renew(this.media.ailing), SETTLE_SECONDS * 1000);
  }

  #onRoom(room) {
    this.tell({ type: "room", room });
    const forgotten = this.state.wanting && this.state.knock !== "asking" && ["ready", "away"].includes(room.me.stage);
    if (forgotten) this.#knock();
  }

  #onMessage(message) {
    const known = this.state.messages.some((one) => one.number === message.number);
    const mine = message.seat === this.state.context.seat;
    if (!known && mine) this.outbox.seen(message.text);
    this.tell({ type: "message", message });
    if (!known && !mine && phase(this.state) === "call" && this.panel.open !== "chat") this.notify("calm", _("{name} vous a écrit.", message));
  }

  #onKept({ event, answer }) {
    if (event !== "media") this.line.forget(event);
    if (event === "knock" && !answer.ok) return this.tell({ type: "knock_answer", code: answer.code });
    if (!answer.ok && event !== "leave") this.notify("warn", words.refusal(answer.code));
  }

  async #command(event, payload = {}) {
    const answer = await this.line.say(event, payload);
    if (!answer.ok) this.notify("warn", words.refusal(answer.code));
  }

  async #send(entry) {
    const answer = await this.line.say("say", entry);
    if (answer.ok) {
      const { seat, name } = this.state.context;
      this.tell({ type: "message", message: { number: answer.number, at: answer.at, seat, name, text: entry.text } });
    }
    return answer;
  }

  async #flushed(flushing) {
    const why = await flushing;
    if (why === "slow_down" || why === "unavailable") setTimeout(() => this.#flushed(this.outbox.flush()), FLUSH_AGAIN_SECONDS * 1000);
  }

  #consent(given) {
    this.tell({ type: "consent", given });
    this.line.keep("consent", { given });
  }

  #knock() {
    this.line.forget("leave");
    if (!this.devices.track("mic") && phase(this.state) === "over") this.devices.start();
    this.tell({ type: "knock" });
    this.line.keep("knock", {});
  }

  #back() {
    this.line.forget("leave");
    this.line.forget("knock");
    this.tell({ type: "back" });
  }

  async #remove(seat) {
    const name = this.state.room?.seats.find((one) => one.seat === seat)?.name ?? "";
    if (await askRemove(name)) this.#command("remove", { seat });
  }

  async #leave() {
    const how = this.state.context.host ? await askLeave() : "leave";
    if (how === "end") this.#command("end");
    if (how !== "leave") return;
    this.line.keep("leave", {});
    this.tell({ type: "leave" });
  }

  #mySeat() {
    return this.state.room?.seats.find((seat) => seat.seat === this.state.context.seat);
  }

  // Media.

  #listenMedia() {
    this.media.addEventListener("state", () => this.tell({ type: "media", media: this.media.state, at: Date.now() }));
    this.media.addEventListener("renew", ({ detail }) => this.#renew(detail.session));
    this.media.addEventListener("tracks", ({ detail }) => {
      this.stage.play(detail.tracks);
      this.tell({ type: "session", session: detail.session });
    });
  }

  async #onOffer(offer) {
    try {
      const answer = await this.media.take(offer);
      if (answer) await this.#answer(answer);
    } catch (error) {
      console.error("offer not taken", error.name);
      this.#renew(offer.session);
    }
  }

  /** The server must have the answer: kept through a cut, and given up only for a newer offer. */
  async #answer(answer) {
    this.#unanswered = answer;
    const told = await this.line.say("answer", answer);
    if (this.#unanswered !== answer || told.code === "away") return;
    this.#unanswered = null;
    if (!told.ok) this.#renew(answer.session);
  }

  #renew(session) {
    if (phase(this.state) === "call") this.line.say("renew", { session });
  }

  // Devices.

  #listenDevices() {
    this.devices.addEventListener("change", () => this.#onDevices());
    this.devices.addEventListener("track", ({ detail }) => this.#onTrack(detail));
  }

  #onDevices() {
    this.tell({ type: "devices", devices: this.devices.snapshot });
    if (["call", "door"].includes(phase(this.state))) this.#keepMedia();
  }

  #keepMedia() {
    const { mic, camera, exam, examKind } = this.devices.snapshot;
    const payload = { mic, camera, exam, exam_kind: examKind };
    const same = JSON.stringify(payload) === this.told;
    this.told = JSON.stringify(payload);
    if (!same || !this.line.keeps("media")) this.line.keep("media", payload);
  }

  #onTrack({ source, track }) {
    this.media.give(source, track);
    if (source === "mic") return this.#hear(track);
    this.stage.self.see(source, track);
    if (source !== "camera") return;
    const mirrored = track?.getSettings().facingMode !== "environment";
    for (const view of [this.threshold, this.door]) view.see(track);
    this.main.classList.toggle("mirrored", mirrored);
  }

  #hear(track) {
    if (phase(this.state) !== "device") return;
    this.meter ??= new Meter((level) => this.threshold.hear(level));
    this.meter.listen(track);
  }

  #stopMeter() {
    this.meter?.stop();
    this.meter = null;
  }

  #toggle(source) {
    const failed = this.devices.snapshot[source] === "none";
    return failed ? this.devices.start() : this.devices.toggle(source);
  }

  #flip() {
    const { cameras, cameraId, examId } = this.devices.snapshot;
    const free = cameras.filter((one) => one.deviceId && one.deviceId !== examId);
    const next = free[(free.findIndex((one) => one.deviceId === cameraId) + 1) % free.length];
    if (next) this.devices.use("camera", next.deviceId);
  }

  // The window.

  #listenWindow() {
    addEventListener("beforeunload", (event) => this.outbox.pending.length && event.preventDefault());
    document.addEventListener("visibilitychange", () => wakeful(phase(this.state) === "call"));
    for (const gesture of ["pointerdown", "keydown"]) addEventListener(gesture, () => this.#onGesture());
  }

  #onGesture() {
    this.meter?.resume();
    if (this.state.audioBlocked) this.stage.sound.resume();
  }
}

let lock = null;

/** Keeps the screen lit during a call, where the device allows it. */
async function wakeful(wanted) {
  if (!wanted) {
    await lock?.release();
    lock = null;
  } else if (!document.hidden && (!lock || lock.released)) {
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }
}

function titleOf(state, now) {
  const door = state.room?.door?.length ?? 0;
  const title = {
    device: _("Avant d’entrer"),
    door: _("Salle d’attente"),
    call: door ? _("({count}) à la porte", { count: door }) : _("En consultation"),
    over: words.ending(state.over?.why).title,
  }[now];
  const cut = !state.line.up && state.line.ever && now !== "over";
  return `${cut ? _("Connexion perdue") : title} · Carbet`;
}

const context = JSON.parse(document.getElementById("context").textContent);
new Call(document.getElementById("main"), context).start();
