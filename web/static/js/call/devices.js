/**
 * This device's microphone, camera and second picture: opening, changing, losing, finding again.
 *
 * Knows no server and no views. The choice is remembered on this device, by id and label only.
 * A camera that is off is closed, so that its light goes out; a muted microphone stays open.
 */

import { failureOf, remembered } from "./hardware.js";

/** @import { DeviceState, ExamKind, Snapshot, Source } from "../../../types/call.d.ts" */

const MEMORY = "carbet.devices";
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24 } };
const EXAM_PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24 } };
/** @type {Record<Source, MediaDeviceKind>} */
const KIND_OF = { mic: "audioinput", camera: "videoinput", exam: "videoinput" };

/** @type {Source[]} */
const SOURCES = ["mic", "camera", "exam"];
/** @typedef {Partial<Record<Source, {id: string, label: string}>>} Memory */

export class Devices extends EventTarget {
  /** @type {Record<Source, MediaStreamTrack | null>} */
  #tracks = { mic: null, camera: null, exam: null };
  #wanted = { mic: true, camera: true, exam: false };
  #lost = { mic: false, camera: false, exam: false };
  /** @type {Snapshot["failures"]} */
  #failures = { mic: null, camera: null, exam: null };
  /** @type {MediaDeviceInfo[]} */
  #list = [];
  #memory = recall();
  /** @type {ExamKind} */
  #examKind = "camera";
  #asking = false;
  #active = false;

  constructor() {
    super();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#onChange());
  }

  /** Opens what there is; a failure is kept for each source and never thrown. */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) return this.#failBoth();
    this.#asking = this.#active = true;
    this.#tell();
    await this.#enumerate();
    await this.#openBoth();
    await this.#enumerate();
    for (const source of SOURCES.slice(0, 2)) await this.#correct(source);
    this.#asking = false;
    this.#tell();
  }

  stop() {
    this.#active = false;
    for (const source of SOURCES) this.#drop(source);
    this.#wanted.exam = false;
    this.#tell();
  }

  /** @param {Source} source */
  track(source) {
    return this.#tracks[source];
  }

  /**
   * What views and the server need to know.
   * @returns {Snapshot}
   */
  get snapshot() {
    return {
      mic: this.#stateOf("mic"),
      camera: this.#stateOf("camera"),
      exam: this.#stateOf("exam"),
      examKind: this.#examKind,
      failures: { ...this.#failures },
      asking: this.#asking,
      microphones: this.#listed("mic"),
      cameras: this.#listed("camera"),
      micId: this.#tracks.mic?.getSettings().deviceId,
      cameraId: this.#tracks.camera?.getSettings().deviceId,
      examId: this.#examKind === "camera" ? this.#tracks.exam?.getSettings().deviceId : undefined,
      canShareScreen: Boolean(navigator.mediaDevices?.getDisplayMedia),
    };
  }

  /** @param {Source} source */
  async toggle(source) {
    this.#wanted[source] = this.#stateOf(source) !== "on";
    if (source === "mic" && this.#tracks.mic) this.#tracks.mic.enabled = this.#wanted.mic;
    else if (this.#wanted[source]) await this.#open(source);
    else this.#drop(source);
    this.#tell();
  }

  /**
   * Another device for a source. The old one is closed first: many telephones open only one.
   * @param {Source} source
   * @param {string} deviceId
   */
  async use(source, deviceId) {
    const before = this.#memory[source];
    const former = this.#opened(source) ?? before;
    const device = this.#list.find((one) => one.deviceId === deviceId);
    this.#memory[source] = { id: deviceId, label: device?.label ?? "" };
    this.#wanted[source] = true;
    if (source === "exam") this.#examKind = "camera";
    this.#drop(source);
    if (!(await this.#open(source))) {
      await this.#fallBack(source, former);
      // The choice that does not work is forgotten, so that it is not asked for next time.
      this.#memory[source] = before;
    }
    this.#remember();
    this.#tell();
  }

  async shareScreen() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 10 } } });
      this.#drop("exam");
      this.#examKind = "screen";
      this.#wanted.exam = true;
      this.#keep("exam", stream.getVideoTracks()[0]);
    } catch (error) {
      const why = failureOf(error, isSecureContext);
      // Whoever closes the browser's list of screens has changed their mind: no failure.
      this.#failures.exam = why === "denied" ? null : why;
    }
    this.#tell();
  }

  #failBoth() {
    const why = failureOf(null, isSecureContext);
    this.#failures = { mic: why, camera: why, exam: why };
    this.#tell();
  }

  /** One request for both, so that one question is asked; then one by one to learn which failed. */
  async #openBoth() {
    const sources = SOURCES.slice(0, 2).filter((source) => this.#listed(source).length > 0);
    this.#failures.mic = sources.includes("mic") ? null : "none";
    this.#failures.camera = sources.includes("camera") ? null : "none";
    if (sources.length === 2 && (await this.#openTogether())) return;
    for (const source of sources) await this.#open(source);
  }

  async #openTogether() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: this.#ask("mic"),
        video: this.#ask("camera"),
      });
      this.#keep("mic", stream.getAudioTracks()[0]);
      this.#keep("camera", stream.getVideoTracks()[0]);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * @param {Source} source
   * @param {string | null} [failure]
   */
  async #open(source, failure = null) {
    const medium = source === "mic" ? "audio" : "video";
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [medium]: this.#ask(source) });
      this.#keep(source, stream.getTracks()[0]);
      this.#failures[source] = failure;
      return true;
    } catch (error) {
      this.#failures[source] = failureOf(error, isSecureContext);
      return false;
    }
  }

  /**
   * @param {Source} source
   * @returns {MediaTrackConstraints}
   */
  #ask(source) {
    const wish = { mic: SOUND, camera: PICTURE, exam: EXAM_PICTURE }[source];
    const listed = this.#listed(source);
    const memory = this.#memory[source];
    const device = remembered(listed, memory);
    if (device?.deviceId) return { ...wish, deviceId: { exact: device.deviceId } };
    // Until the person agrees, Firefox and Safari list devices without id or label.
    const unnamed = !listed.some((one) => one.deviceId);
    return memory?.id && unnamed ? { ...wish, deviceId: { ideal: memory.id } } : wish;
  }

  /**
   * Once devices have names: opens the remembered one if the browser opened another.
   * @param {Source} source
   */
  async #correct(source) {
    const opened = this.#opened(source);
    const known = remembered(this.#listed(source), this.#memory[source]);
    if (!opened || !known?.deviceId || known.deviceId === opened.id || known.label === opened.label) return;
    this.#drop(source);
    if (await this.#open(source)) return;
    const chosen = this.#memory[source];
    await this.#fallBack(source, opened);
    this.#memory[source] = chosen;
  }

  /**
   * Opens again what worked before; why the other did not stays told.
   * @param {Source} source
   * @param {{id: string, label: string} | undefined} former
   */
  async #fallBack(source, former) {
    if (!former) return;
    this.#memory[source] = former;
    await this.#open(source, this.#failures[source]);
  }

  /**
   * The device open for a source; a shared screen is none.
   * @param {Source} source
   */
  #opened(source) {
    const track = this.#tracks[source];
    if (!track || (source === "exam" && this.#examKind === "screen")) return undefined;
    return { id: track.getSettings().deviceId ?? "", label: track.label };
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack} track
   */
  #keep(source, track) {
    this.#drop(source);
    // It came too late: the call is over, or the person changed their mind meanwhile.
    if (!this.#active || (source !== "mic" && !this.#wanted[source])) return track.stop();
    this.#tracks[source] = track;
    this.#lost[source] = false;
    this.#failures[source] = null;
    if (source === "mic") track.enabled = this.#wanted.mic;
    // At the same rate, Chromium makes a camera's picture coarser when told it is full of detail.
    else track.contentHint = source === "exam" && this.#examKind === "screen" ? "detail" : "motion";
    track.onended = () => this.#onEnded(source, track);
    this.#tell("track", { source, track });
  }

  /** @param {Source} source */
  #drop(source) {
    const track = this.#tracks[source];
    this.#lost[source] = false;
    if (!track) return;
    track.onended = null;
    track.stop();
    this.#tracks[source] = null;
    this.#tell("track", { source, track: null });
  }

  /**
   * The track ended without us: unplugged, taken away, or sharing stopped from the browser's bar.
   * @param {Source} source
   * @param {MediaStreamTrack} track
   */
  #onEnded(source, track) {
    if (this.#tracks[source] !== track) return;
    this.#drop(source);
    const stopped = source === "exam" && this.#examKind === "screen";
    this.#lost[source] = !stopped;
    if (stopped) this.#wanted.exam = false;
    this.#tell();
    if (!stopped) this.#onChange();
  }

  async #onChange() {
    await this.#enumerate();
    for (const source of SOURCES) {
      const missing = this.#lost[source] || (this.#failures[source] === "none" && this.#wanted[source]);
      if (this.#active && missing && this.#listed(source).length > 0) await this.#restore(source);
    }
    this.#tell();
  }

  /**
   * A lost exam camera is only taken back as itself, never replaced by somebody's face.
   * @param {Source} source
   */
  async #restore(source) {
    const known = remembered(this.#listed(source), this.#memory[source]);
    if (source === "exam" && !known) return;
    const lost = this.#lost[source];
    if (!(await this.#open(source))) this.#lost[source] = lost;
  }

  async #enumerate() {
    this.#list = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  }

  /** @param {Source} source */
  #listed(source) {
    return this.#list.filter((one) => one.kind === KIND_OF[source]);
  }

  /**
   * @param {Source} source
   * @returns {DeviceState}
   */
  #stateOf(source) {
    if (this.#lost[source]) return "lost";
    if (this.#tracks[source]) return this.#wanted[source] ? "on" : "off";
    if (source === "exam") return "off";
    return this.#failures[source] ? "none" : "off";
  }

  #remember() {
    try {
      localStorage.setItem(MEMORY, JSON.stringify(this.#memory));
    } catch {
      /* A browser that keeps nothing asks again next time: no harm. */
    }
  }

  /**
   * @param {string} [type]
   * @param {object} [detail]
   */
  #tell(type = "change", detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @returns {Memory} */
function recall() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY) ?? "{}");
  } catch {
    return {};
  }
}
