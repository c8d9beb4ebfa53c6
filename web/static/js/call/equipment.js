/**
 * This seat's sound and picture: the devices' tracks go to media and to one's own pictures, the
 * server's offers to media, what media brings to the stage. Decides nothing about the call.
 */

import { Meter } from "./level.js";
import { hear } from "./protocol.js";
import { phase } from "./state.js";

/** @import { Offer, Page, Source } from "../../../types/call.d.ts" */
/** @import { Devices } from "./devices.js" */
/** @import { Media } from "./media.js" */
/** @import { Line } from "./protocol.js" */
/** @import { Stage } from "./stage.js" */
/** @typedef {{see(track: MediaStreamTrack | null): void}} Mirror shows one's own camera */

export class Equipment {
  /** @type {Offer | null} */
  #unanswered = null;
  /** @type {Meter | null} */
  #meter = null;
  #told = "";

  /**
   * @param {Page} page
   * @param {{line: Line, media: Media, devices: Devices}} parts
   * @param {{stage: Stage, mirrors: Mirror[], loud: (level: number) => void}} views
   */
  constructor(page, { line, media, devices }, { stage, mirrors, loud }) {
    this.page = page;
    this.line = line;
    this.media = media;
    this.devices = devices;
    this.stage = stage;
    this.mirrors = mirrors;
    this.loud = loud;
    this.#listenLine();
    this.#listenMedia();
    this.#listenDevices();
  }

  /** Tells the server which of our devices are on; again only when something changed. */
  declare() {
    const { mic, camera, exam, examKind } = this.devices.snapshot;
    const payload = { mic, camera, exam, exam_kind: examKind };
    const told = JSON.stringify(payload);
    if (told === this.#told && this.line.keeps("media")) return;
    this.#told = told;
    this.line.keep("media", payload);
  }

  /**
   * A source which failed is asked for again; another is switched.
   * @param {Source} source
   */
  toggle(source) {
    const failed = this.devices.snapshot[source] === "none";
    return failed ? this.devices.start() : this.devices.toggle(source);
  }

  /** The next camera of this device, leaving the exam camera in peace. */
  flip() {
    const { cameras, cameraId, examId } = this.devices.snapshot;
    const free = cameras.filter((one) => one.deviceId && one.deviceId !== examId);
    const next = free[(free.findIndex((one) => one.deviceId === cameraId) + 1) % free.length];
    if (next) this.devices.use("camera", next.deviceId);
  }

  /** Back at the device page, or there for the first time. */
  begin() {
    this.devices.start();
  }

  deafen() {
    this.#meter?.stop();
    this.#meter = null;
  }

  end() {
    this.media.close();
    this.devices.stop();
    this.#unanswered = null;
  }

  /** A gesture lets a browser start what it held back. */
  onGesture() {
    this.#meter?.resume();
    if (this.page.state.audioBlocked) this.stage.sound.resume();
  }

  #listenLine() {
    hear(this.line, "offer", (offer) => this.#onOffer(offer));
    hear(this.line, "encode", (told) => this.media.plan(told));
    hear(this.line, "up", () => this.#onUp());
  }

  #onUp() {
    if (this.#unanswered) this.#answer(this.#unanswered);
    // Asked for in vain while the line was down, or not to be asked for at all before.
    const { ailing } = this.media;
    if (ailing) this.#renew(ailing);
  }

  /** @param {Offer} offer */
  async #onOffer(offer) {
    try {
      const answer = await this.media.take(offer);
      if (answer) await this.#answer(answer);
    } catch (error) {
      console.error("an offer could not be taken", error);
    }
  }

  /**
   * The server must have the answer: kept through a cut, given up only for a newer offer.
   * @param {Offer} answer
   */
  async #answer(answer) {
    this.#unanswered = answer;
    const told = await this.line.say("answer", answer);
    if (this.#unanswered !== answer || told.code === "away") return;
    this.#unanswered = null;
    if (!told.ok) this.#renew(answer.session);
  }

  /** @param {string} session */
  #renew(session) {
    if (phase(this.page.state) === "call") this.line.say("renew", { session });
  }

  #listenMedia() {
    const { media, page, stage } = this;
    hear(media, "state", () => page.tell({ type: "media", media: media.state, doubt: media.doubtful, at: Date.now() }));
    hear(media, "suspect", () => this.line.poke());
    // A dead line swallows it, is found out by its silence, and says by its own return what it lost.
    hear(media, "renew", ({ session }) => {
      this.#renew(session);
      this.line.poke();
    });
    hear(media.uplink, "link", (report) => this.line.hint("link", report));
    hear(media, "tracks", ({ session, tracks }) => {
      stage.play(tracks);
      page.tell({ type: "session", session });
    });
  }

  #listenDevices() {
    hear(this.devices, "change", () => {
      this.page.tell({ type: "devices", devices: this.devices.snapshot });
      if (["call", "door"].includes(phase(this.page.state))) this.declare();
    });
    hear(this.devices, "track", (detail) => this.#onTrack(detail));
  }

  /** @param {{source: Source, track: MediaStreamTrack | null}} change */
  #onTrack({ source, track }) {
    this.media.give(source, track);
    if (source === "mic") return this.#listen(track);
    this.stage.self.see(source, track);
    if (source !== "camera") return;
    for (const mirror of this.mirrors) mirror.see(track);
    // One knows oneself from the looking-glass; what a rear camera shows must read the right way.
    const rear = track?.getSettings().facingMode === "environment";
    document.body.classList.toggle("mirrored", !rear);
  }

  /** @param {MediaStreamTrack | null} track */
  #listen(track) {
    if (phase(this.page.state) !== "device") return;
    this.#meter ??= new Meter(this.loud);
    this.#meter.listen(track);
  }
}
