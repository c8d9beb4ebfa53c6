/**
 * The stills of this consultation in this page's memory: what the server told of each, the bytes
 * that came, and the best picture that can be shown. Nothing is kept on the device.
 *
 * Bytes are believed only in order and only as many as were announced; a file that is no picture
 * leaves the one before it in place. Draws nothing, sends nothing.
 */

/** @import { ShownStill, StillAck, ToldStill } from "../../../types/stills.d.ts" */
/** @typedef {{stage: number, bytes: Uint8Array, offset: number}} Coming */
/**
 * @typedef {object} Gallery how bytes become a picture; replaced in tests
 * @property {(blob: Blob) => string} open an address for this picture
 * @property {(url: string) => unknown} close
 * @property {(url: string) => Promise<unknown>} proof rejects when it is no picture
 */

/** Pixels of a stage; more is not believed. */
const PIXELS = 25_000_000;
const BYTES = 4_000_000;
/** Automatic stills kept of each camera; the others only served for a moment. */
const AUTOMATIC = 3;
/** An address is closed only when the views have taken the next. */
const CLOSE_SECONDS = 3;

export class Album {
  /** @type {Map<string, ShownStill>} in the order they were announced */
  #stills = new Map();
  /** @type {Map<string, Coming>} */
  #coming = new Map();

  /**
   * @param {(still: ShownStill) => void} changed
   * @param {Gallery} [gallery]
   */
  constructor(changed, gallery = browserGallery) {
    this.changed = changed;
    this.gallery = gallery;
  }

  /** @returns {ShownStill[]} oldest first */
  get all() {
    return [...this.#stills.values()];
  }

  /** @param {string} id */
  get(id) {
    return this.#stills.get(id);
  }

  /**
   * The newest picture of a camera, or undefined.
   * @param {string} seat
   * @param {string} source
   */
  latest(seat, source) {
    return this.all.findLast((one) => one.seat === seat && one.source === source && one.url);
  }

  /**
   * What is told of a still, first or again.
   * @param {ToldStill} still
   * @returns {boolean} false when it cannot be believed
   */
  announce(still) {
    if (!believable(still)) return false;
    const known = this.#stills.get(still.id);
    const at = still.at ?? known?.at ?? Date.now();
    const merged = { why: /** @type {"asked"} */ ("asked"), url: null, shown: -1, done: 0, live: false, ...known, ...still, at };
    this.#stills.set(still.id, merged);
    this.#thin(merged);
    this.changed(merged);
    return true;
  }

  /** @param {string} id */
  forget(id) {
    const still = this.#stills.get(id);
    if (!still) return;
    this.#stills.delete(id);
    this.#coming.delete(id);
    if (still.url) this.gallery.close(still.url);
    this.changed(still);
  }

  /**
   * Bytes of a stage. The answer says where to go on; bytes known already are no error.
   * @param {{id: string, stage: number, offset: number, data: ArrayBuffer | Uint8Array}} part
   * @returns {StillAck}
   */
  receive({ id, stage, offset, data }) {
    const still = this.#stills.get(id);
    const announced = still?.stages[stage];
    if (!still || !announced) return { ok: false, code: "invalid" };
    if (stage <= still.shown) return { ok: true, stage, offset: announced.bytes };
    const coming = this.#comingOf(id, stage, announced.bytes);
    const bytes = new Uint8Array(data);
    if (offset > coming.offset || offset + bytes.length > announced.bytes) return { ok: false, code: "invalid", stage, offset: coming.offset };
    coming.bytes.set(bytes, offset);
    coming.offset = Math.max(coming.offset, offset + bytes.length);
    still.done = coming.offset / announced.bytes;
    still.live = true;
    this.changed(still);
    if (coming.offset === announced.bytes) this.#complete(still, coming);
    return { ok: true, stage, offset: coming.offset };
  }

  /**
   * A whole stage of a still, however it came. Resolves to whether it is a picture.
   * @param {string} id
   * @param {number} stage
   * @param {Blob} blob
   */
  async show(id, stage, blob) {
    const still = this.#stills.get(id);
    if (!still || stage <= still.shown) return false;
    const url = this.gallery.open(blob);
    try {
      await this.gallery.proof(url);
    } catch {
      this.gallery.close(url);
      return false;
    }
    this.#turn(this.#stills.get(id), stage, url);
    return true;
  }

  /**
   * @param {ShownStill | undefined} still
   * @param {number} stage
   * @param {string} url
   */
  #turn(still, stage, url) {
    if (!still || stage <= still.shown) return this.gallery.close(url);
    if (still.url) this.gallery.close(still.url);
    Object.assign(still, { url, shown: stage, done: 0 });
    this.changed(still);
  }

  /**
   * @param {ShownStill} still
   * @param {Coming} coming
   */
  #complete(still, { stage, bytes }) {
    this.#coming.delete(still.id);
    this.show(still.id, stage, new Blob([/** @type {BlobPart} */ (bytes)], { type: still.stages[stage].type }));
  }

  /**
   * @param {string} id
   * @param {number} stage
   * @param {number} size
   */
  #comingOf(id, stage, size) {
    const known = this.#coming.get(id);
    if (known?.stage === stage) return known;
    const coming = { stage, bytes: new Uint8Array(size), offset: 0 };
    this.#coming.set(id, coming);
    return coming;
  }

  /** @param {ShownStill} newest */
  #thin({ seat, source, why }) {
    if (why !== "rung") return;
    const automatic = this.all.filter((one) => one.why === "rung" && one.seat === seat && one.source === source);
    const shown = automatic.filter((one) => one.url);
    for (const old of shown.slice(0, -AUTOMATIC)) this.forget(old.id);
  }
}

/** @param {ToldStill} still */
function believable({ stages, id }) {
  const whole = (/** @type {number} */ value, /** @type {number} */ most) => Number.isInteger(value) && value > 0 && value <= most;
  return Boolean(id) && Array.isArray(stages) && stages.every((one) => whole(one.bytes, BYTES) && whole(one.width, PIXELS) && whole(one.height, PIXELS / one.width));
}

/** @type {Gallery} */
const browserGallery = {
  open: (blob) => URL.createObjectURL(blob),
  close: (url) => setTimeout(() => URL.revokeObjectURL(url), CLOSE_SECONDS * 1000),
  proof: (url) => {
    const image = new Image();
    image.src = url;
    return image.decode();
  },
};
