/**
 * Makes one session send what its worker planned: packet time, rates, sizes, codecs.
 *
 * One application at a time, the latest plan wins, and an older one is not heard. What a browser
 * lacks is left out, never an error: a call must not end over a bitrate.
 */

import { LEAST_SOUND, PICTURES, codecNamed, encodingOf } from "./bitrates.js";

/** @import { PicturePlan, Plan } from "../../../types/call.d.ts" */
/** @import { Encoding, Line } from "./bitrates.js" */
/** @import { Description } from "./description.js" */
/** @typedef {RTCRtpSendParameters & {degradationPreference?: string}} Parameters */

/** What to do without, in this order, when a browser refuses an encoding. */
/** @type {(keyof Encoding)[]} */
const DISPENSABLE = ["scalabilityMode", "codec", "maxFramerate"];
/** A browser takes no frame rate of 0, and none needs more. */
const NOTHING = { active: false };
/**
 * A second picture which nobody has asked for yet, because nobody knows of it: it shows itself, as
 * little as can be seen, while the link carries pictures at all.
 * @type {PicturePlan}
 */
const UNASKED = { bitrate: 16_000, fps: 1, height: 180, layers: 1, codec: "vp8" };
const WITH_PICTURES = ["motion", "slow", "sharp"];
/** Below this part of the floor, so many readings (of a second) one after the other. */
const SUNK = 0.8;
const SUNK_READINGS = 2;

export class Encoder {
  /** @type {Plan | null} */
  #plan = null;
  /** @type {Map<string, MediaStreamTrack | null>} */
  #tracks = new Map();
  /** What each line was last told, so that it is told only what changed. */
  /** @type {Map<string, string>} */
  #told = new Map();
  #sunk = 0;
  #ready = false;
  #stale = false;
  /** @type {Promise<void> | null} */
  #work = null;

  /**
   * @param {RTCPeerConnection} pc
   * @param {Description} description
   */
  constructor(pc, description) {
    this.pc = pc;
    this.description = description;
  }

  /**
   * The offer to answer, with the plan that came along.
   * @param {Plan | undefined} plan
   */
  begin(plan) {
    if (plan?.audio) this.#plan ??= plan;
    return this.description.first(this.#plan);
  }

  /**
   * A track for a line, or none. The line is told its size first: not one picture leaves too large.
   * @param {string} line
   * @param {MediaStreamTrack | null} track
   */
  async give(line, track) {
    this.#tracks.set(line, track);
    await this.refresh();
    await this.#sender(line)?.replaceTrack(this.#tracks.get(line) ?? null);
  }

  /** Before the answer is set: nothing leaves at a rate the link was never asked for. */
  async prepare() {
    await this.#applyToSenders();
  }

  /** The answer is set: from here on plans are applied as they come. */
  async start() {
    this.#ready = true;
    // Codecs can be chosen only now that they are agreed.
    await this.refresh();
  }

  /**
   * @param {Plan} plan
   * @returns {Promise<void>} when it is applied, or a later one is
   */
  async apply(plan) {
    if (!plan?.audio || plan.n <= (this.#plan?.n ?? -Infinity)) return;
    this.#plan = plan;
    await this.refresh();
  }

  /** A track changed, or the plan: whatever differs from what was told is told. */
  async refresh() {
    this.#stale = true;
    if (!this.#ready) return;
    this.#work ??= this.#catchUp();
    await this.#work;
  }

  async #catchUp() {
    while (this.#stale) {
      this.#stale = false;
      try {
        if (this.#plan) await this.description.follow(this.#plan);
        await this.#applyToSenders();
      } catch (error) {
        console.error("a plan could not be applied", error);
      }
    }
    this.#work = null;
  }

  /**
   * A browser told to send little comes to believe in little, and would never find out. Where the
   * worker believes in more, the estimate starts again from there.
   * @param {number | null} estimate bit/s
   */
  async lift(estimate) {
    const floor = this.#plan?.floor ?? 0;
    if (estimate === null || estimate >= SUNK * floor) this.#sunk = 0;
    else if (++this.#sunk >= SUNK_READINGS) {
      this.#sunk = 0;
      this.description.lift(Math.round(floor / 1000));
      await this.refresh();
    }
  }

  async #applyToSenders() {
    const plan = this.#plan;
    if (!plan) return;
    await this.#sound(plan.audio.bitrate);
    await this.#copy(plan.low !== null);
    for (const line of PICTURES) await this.#picture(line, plan[line] ?? this.#unasked(line, plan));
  }

  /**
   * @param {Line} line
   * @param {Plan} plan
   */
  #unasked(line, { rung }) {
    return line === "exam" && this.#tracks.get(line) && WITH_PICTURES.includes(rung) ? UNASKED : null;
  }

  /** @param {number} bitrate */
  async #sound(bitrate) {
    const most = Math.max(LEAST_SOUND, Math.round(bitrate));
    await this.#tell("mic", () => (bitrate > 0 ? { active: true, maxBitrate: most } : NOTHING));
  }

  /**
   * The second, smaller copy shows the camera's own track, while there is to be one.
   * @param {boolean} wanted
   */
  async #copy(wanted) {
    const copy = this.#sender("low");
    const track = wanted ? (this.#tracks.get("camera") ?? null) : null;
    this.#tracks.set("low", track);
    if (copy && copy.track !== track) await copy.replaceTrack(track).catch(() => {});
  }

  /**
   * @param {Line} line
   * @param {PicturePlan | null} picture
   */
  async #picture(line, picture) {
    if (!picture) return this.#tell(line, () => NOTHING);
    const size = this.#tracks.get(line)?.getSettings?.() ?? {};
    await this.#tell(line, (codecs) => {
      const codec = codecNamed(codecs, picture.codec);
      return { ...encodingOf(picture, size), ...(codec && { codec }) };
    });
  }

  /** @param {string} line */
  #sender(line) {
    return this.pc.getTransceivers().find((one) => one.mid === line)?.sender;
  }

  /**
   * Tells a sender its encoding, if it is another than it was told before.
   * @param {string} line
   * @param {(codecs: RTCRtpCodec[]) => Encoding} wish
   */
  async #tell(line, wish) {
    const sender = this.#sender(line);
    if (!sender?.getParameters) return;
    const encoding = wish(sender.getParameters().codecs ?? []);
    const told = JSON.stringify(encoding);
    if (this.#told.get(line) === told) return;
    if (await urge(sender, encoding)) this.#told.set(line, told);
  }
}

/**
 * Sets an encoding; what the browser refuses is left out piece by piece.
 * @param {RTCRtpSender} sender
 * @param {Encoding} encoding
 */
async function urge(sender, encoding) {
  const asked = { ...encoding };
  for (const piece of [null, ...DISPENSABLE]) {
    if (piece) delete asked[piece];
    if (await set(sender, asked)) return true;
  }
  return false;
}

/**
 * @param {RTCRtpSender} sender
 * @param {Encoding} encoding
 */
async function set(sender, encoding) {
  /** @type {Parameters} */
  const parameters = sender.getParameters();
  const [before = {}] = /** @type {Encoding[]} */ (parameters.encodings ?? []);
  // Absent means the browser's first codec again, not the one named before.
  if (encoding.active) delete before.codec;
  parameters.encodings = [{ ...before, ...encoding }];
  // The plan has chosen the size: a browser that shrinks it further pays each step with a key frame.
  if ("scaleResolutionDownBy" in encoding) parameters.degradationPreference = "maintain-resolution";
  try {
    await sender.setParameters(parameters);
    return true;
  } catch {
    return false;
  }
}
