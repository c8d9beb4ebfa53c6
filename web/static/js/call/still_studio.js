/**
 * Takes and sends the stills of this seat's own cameras: asked by somebody, wanted by the person
 * herself, or by themselves while the link carries no moving picture.
 *
 * Stills are taken one after the other, so that two do not pull at one camera. Shows nothing: what
 * happens is told to `told`, in codes.
 */

import { StillCamera, StillFailure } from "./still_camera.js";
import { StillSender } from "./still_sender.js";
import { BYTES, painting, stagesOf } from "./still_stages.js";

/** @import { Picture, Plan } from "../../../types/call.d.ts" */
/** @import { MadeStage, MadeStill, Sending } from "../../../types/stills.d.ts" */
/** @import { Clock } from "./still_pace.js" */
/** @import { Wire } from "./still_sender.js" */
/** @import { Limits } from "./still_stages.js" */
/**
 * @typedef {object} Told
 * @property {(still: MadeStill) => void} taken
 * @property {(failure: {source: Picture, why: "asked" | "rung", code: string}) => void} failed
 * @property {(sending: Sending[]) => void} sending
 */

/**
 * @typedef {object} Filming
 * @property {(source: Picture) => MediaStreamTrack | null} track
 * @property {(source: Picture) => Promise<() => Promise<unknown>>} hold sends nothing of it until released
 */

/** A stage is no larger than what the spare rate carries in this time, but for the least of it. */
const SECONDS = { first: 6, second: 30, last: 300 };
const LEAST = { first: 5_000, second: 15_000, last: 60_000 };
/** Bytes spent on the first stage of what was asked for where fewer would cost it its width. */
const WIDE = 14_000;
/** @type {Picture[]} */
const PICTURES = ["exam", "camera"];

export class Studio {
  /** @type {Plan | null} */
  #plan = null;
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve();
  /** @type {Set<string>} */
  #asked = new Set();
  /** @type {(() => void) | null} */
  #cancel = null;
  /** @type {Picture} */
  #latest = "camera";
  #complained = false;

  /**
   * @param {Wire} wire
   * @param {Filming} filming
   * @param {Told} told
   * @param {Clock} clock
   * @param {Pick<StillCamera, "take">} camera
   * @param {(picture: ImageBitmap, limits: Limits) => Promise<MadeStage[]>} encode
   */
  constructor(wire, filming, told, clock = wallClock, camera = new StillCamera(), encode = (picture, limits) => stagesOf(picture, limits, painting(picture))) {
    this.filming = filming;
    this.told = told;
    this.clock = clock;
    this.camera = camera;
    this.encode = encode;
    this.sender = new StillSender(wire, clock, (sending) => told.sending(sending));
  }

  /**
   * A sharp still, at once; the same `id` asked for twice is taken once.
   * @param {Picture} source
   * @param {string} [id]
   * @returns {Promise<string | null>} the still's id, or null when none could be taken
   */
  take(source, id = crypto.randomUUID()) {
    if (this.#asked.has(id)) return Promise.resolve(null);
    this.#asked.add(id);
    return this.#inTurn(() => this.#make(source, id, "asked"));
  }

  /**
   * What the worker wants and allows.
   * @param {Plan} plan
   */
  follow(plan) {
    this.#plan = plan;
    this.sender.allow(plan.spare, plan.ceiling);
    if (plan.stills && !this.#cancel) this.#tick();
    if (!plan.stills) this.rest();
  }

  /** No automatic still any more; what was asked for goes on. */
  rest() {
    this.#cancel?.();
    this.#cancel = null;
    this.#complained = false;
    this.sender.dropWaiting();
  }

  #tick() {
    const { every = 0 } = this.#plan?.stills ?? {};
    this.#cancel = this.clock.after(Math.max(1, every), () => this.#tick());
    const source = this.#nextSource();
    if (source) this.#inTurn(() => this.#plan?.stills && this.#make(source, crypto.randomUUID(), "rung"));
  }

  /** The cameras that film, in turn. */
  #nextSource() {
    const live = PICTURES.filter((source) => this.filming.track(source)?.readyState === "live");
    const next = live.find((source) => source !== this.#latest) ?? live[0];
    if (next) this.#latest = next;
    return next;
  }

  /**
   * @template Value
   * @param {() => Value | Promise<Value>} make
   */
  #inTurn(make) {
    const made = this.#turn.then(make);
    this.#turn = made.catch(() => {});
    return made;
  }

  /**
   * @param {Picture} source
   * @param {string} id
   * @param {MadeStill["why"]} why
   */
  async #make(source, id, why) {
    try {
      const stages = await this.#stages(source, why);
      const still = { id, source, why, stages };
      this.#complained = false;
      this.told.taken(still);
      this.sender.add(still);
      return id;
    } catch (error) {
      this.#asked.delete(id);
      this.#complain(source, why, error instanceof StillFailure ? error.code : "encoding");
      return null;
    }
  }

  /**
   * @param {Picture} source
   * @param {MadeStill["why"]} why
   */
  async #stages(source, why) {
    const full = why === "asked";
    const picture = await this.camera.take(this.filming.track(source), full, () => this.filming.hold(source));
    try {
      return await this.encode(picture, this.#limits(full));
    } finally {
      picture.close();
    }
  }

  /**
   * What a person asked for is there at once, if small, and grows; what is automatic is as planned.
   * @param {boolean} full
   * @returns {Limits}
   */
  #limits(full) {
    if (!full) return { first: this.#plan?.stills?.bytes ?? BYTES.first };
    return { first: WIDE, aim: this.#within("first", BYTES.first), second: this.#within("second", BYTES.second), last: this.#within("last", BYTES.last) };
  }

  /**
   * Bytes that cross within the stage's time, between its least and `most`.
   * @param {keyof typeof SECONDS} stage
   * @param {number} most
   */
  #within(stage, most) {
    if (!this.#plan) return most;
    return Math.min(most, Math.max(LEAST[stage], Math.floor((this.#plan.spare / 8) * SECONDS[stage])));
  }

  /**
   * Of a camera that fails every few seconds it is said once.
   * @param {Picture} source
   * @param {MadeStill["why"]} why
   * @param {string} code
   */
  #complain(source, why, code) {
    if (why === "rung" && this.#complained) return;
    this.#complained = why === "rung";
    this.told.failed({ source, why, code });
  }
}

/** @type {Clock} */
const wallClock = {
  now: () => performance.now() / 1000,
  after: (seconds, call) => {
    const timer = setTimeout(call, seconds * 1000);
    return () => clearTimeout(timer);
  },
};
