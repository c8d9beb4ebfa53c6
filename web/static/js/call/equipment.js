/**
 * This seat's sound and picture: the devices' tracks go to media and to one's own pictures, the
 * server's offers to media, what media brings to the stage. Decides nothing about the call.
 */

import { Meter } from "./level.js";
import { phase } from "./state.js";

const SETTLE_SECONDS = 2;

export class Equipment {
  #unanswered = null;
  #meter = null;
  #told = null;

  /**
   * @param page holds the state; is told of events
   * @param parts `{line, media, devices}`
   * @param mirrors views with `see(track)` which show one's own camera
   */
  constructor(page, { line, media, devices }, { stage, mirrors, hear }) {
    Object.assign(this, { page, line, media, devices, stage, mirrors, hear });
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

  /** A source which failed is asked for again; another is switched. */
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
    this.line.addEventListener("offer", ({ detail }) => this.#onOffer(detail));
    this.line.addEventListener("up", () => this.#onUp());
  }

  #onUp() {
    if (this.#unanswered) this.#answer(this.#unanswered);
    setTimeout(() => this.media.ailing && this.#renew(this.media.ailing), SETTLE_SECONDS * 1000);
  }

  async #onOffer(offer) {
    try {
      const answer = await this.media.take(offer);
      if (answer) await this.#answer(answer);
    } catch (error) {
      console.error("an offer could not be taken", error.name);
    }
  }

  /** The server must have the answer: kept through a cut, given up only for a newer offer. */
  async #answer(answer) {
    this.#unanswered = answer;
    const told = await this.line.say("answer", answer);
    if (this.#unanswered !== answer || told.code === "away") return;
    this.#unanswered = null;
    if (!told.ok) this.#renew(answer.session);
  }

  #renew(session) {
    if (phase(this.page.state) === "call") this.line.say("renew", { session });
  }

  #listenMedia() {
    this.media.addEventListener("state", () =>
      this.page.tell({ type: "media", media: this.media.state, at: Date.now() }),
    );
    this.media.addEventListener("renew", ({ detail }) => this.#renew(detail.session));
    this.media.addEventListener("tracks", ({ detail }) => {
      this.stage.play(detail.tracks);
      this.page.tell({ type: "session", session: detail.session });
    });
  }

  #listenDevices() {
    this.devices.addEventListener("change", () => {
      this.page.tell({ type: "devices", devices: this.devices.snapshot });
      if (["call", "door"].includes(phase(this.page.state))) this.declare();
    });
    this.devices.addEventListener("track", ({ detail }) => this.#onTrack(detail));
  }

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

  #listen(track) {
    if (phase(this.page.state) !== "device") return;
    this.#meter ??= new Meter(this.hear);
    this.#meter.listen(track);
  }
}
