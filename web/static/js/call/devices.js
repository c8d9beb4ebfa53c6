/**
 * This device's microphone, camera and second picture: opening, changing, losing, finding again.
 *
 * Knows no server and no views. The choice is remembered on this device, by id and label only.
 * A camera that is off is closed, so that its light goes out; a muted microphone stays open.
 */

const MEMORY = "carbet.devices";
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24 } };
const EXAM_PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 24 } };
const KIND_OF = { mic: "audioinput", camera: "videoinput", exam: "videoinput" };

/** Errors by name, never by message, which differs between browsers. */
const KINDS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  PermissionDeniedError: "denied",
  NotFoundError: "none",
  DevicesNotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "in_use",
  TrackStartError: "in_use",
  AbortError: "in_use",
};

/** `insecure`, `denied`, `none`, `in_use` or `other`. */
export function failureOf(error, secure) {
  if (!secure) return "insecure";
  return KINDS[error?.name] ?? "other";
}

/**
 * The device to ask for: the remembered one if it is there, by id or, as ids change when a
 * browser forgets, by its label; otherwise undefined, and the browser chooses.
 */
export function remembered(devices, memory) {
  if (!memory) return undefined;
  const byId = devices.find((one) => one.deviceId === memory.id);
  return byId ?? devices.find((one) => one.label && one.label === memory.label);
}

/** `front`, `rear` or `other`, from what the camera says of itself or from its label. */
export function facing(label, mode) {
  if (mode === "user") return "front";
  if (mode === "environment") return "rear";
  if (/\b(front|avant|user)\b/i.test(label)) return "front";
  if (/\b(back|rear|arri[eè]re|environment)\b/i.test(label)) return "rear";
  return "other";
}

export class Devices extends EventTarget {
  #tracks = { mic: null, camera: null, exam: null };
  #wanted = { mic: true, camera: true, exam: false };
  #lost = { mic: false, camera: false, exam: false };
  #failures = { mic: null, camera: null, exam: null };
  #list = [];
  #memory = recall();
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
    this.#asking = false;
    this.#tell();
  }

  stop() {
    this.#active = false;
    for (const source of Object.keys(this.#tracks)) this.#drop(source);
    this.#wanted.exam = false;
    this.#tell();
  }

  track(source) {
    return this.#tracks[source];
  }

  /** What views and the server need to know. */
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

  async toggle(source) {
    this.#wanted[source] = this.#stateOf(source) !== "on";
    if (source === "mic" && this.#tracks.mic) this.#tracks.mic.enabled = this.#wanted.mic;
    else if (this.#wanted[source]) await this.#open(source);
    else this.#drop(source);
    this.#tell();
  }

  /** Another device for a source. The old one is closed first: many telephones open only one. */
  async use(source, deviceId) {
    const before = this.#memory[source];
    const device = this.#list.find((one) => one.deviceId === deviceId);
    this.#memory[source] = { id: deviceId, label: device?.label ?? "" };
    this.#wanted[source] = true;
    if (source === "exam") this.#examKind = "camera";
    this.#drop(source);
    if (!(await this.#open(source)) && before) {
      this.#memory[source] = before;
      await this.#open(source, this.#failures[source]);
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
      this.#failures.exam = error.name === "NotAllowedError" ? null : failureOf(error, isSecureContext);
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
    const sources = ["mic", "camera"].filter((source) => this.#listed(source).length > 0);
    for (const source of ["mic", "camera"])
      this.#failures[source] = sources.includes(source) ? null : "none";
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

  #ask(source) {
    const wish = { mic: SOUND, camera: PICTURE, exam: EXAM_PICTURE }[source];
    const device = remembered(this.#listed(source), this.#memory[source]);
    return device?.deviceId ? { ...wish, deviceId: { exact: device.deviceId } } : wish;
  }

  #keep(source, track) {
    this.#drop(source);
    // It came too late: the call is over, or the person changed their mind meanwhile.
    if (!this.#active || (source !== "mic" && !this.#wanted[source])) return track.stop();
    this.#tracks[source] = track;
    this.#lost[source] = false;
    this.#failures[source] = null;
    if (source === "mic") track.enabled = this.#wanted.mic;
    else track.contentHint = source === "camera" ? "motion" : "detail";
    track.onended = () => this.#onEnded(source, track);
    this.#tell("track", { source, track });
  }

  #drop(source) {
    const track = this.#tracks[source];
    this.#lost[source] = false;
    if (!track) return;
    track.onended = null;
    track.stop();
    this.#tracks[source] = null;
    this.#tell("track", { source, track: null });
  }

  /** The track ended without us: unplugged, taken away, or sharing stopped from the browser's bar. */
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
    for (const source of Object.keys(this.#lost))
      if (this.#lost[source] && this.#listed(source).length > 0) await this.#restore(source);
    this.#tell();
  }

  /** A lost exam camera is only taken back as itself, never replaced by somebody's face. */
  async #restore(source) {
    const known = remembered(this.#listed(source), this.#memory[source]);
    if (source === "exam" && !known) return;
    if (!(await this.#open(source))) this.#lost[source] = true;
  }

  async #enumerate() {
    this.#list = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  }

  #listed(source) {
    return this.#list.filter((one) => one.kind === KIND_OF[source]);
  }

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

  #tell(type = "change", detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}
