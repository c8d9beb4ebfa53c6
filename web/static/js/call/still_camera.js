/**
 * One still from a camera that is filming: its own photograph where it can take one, else a frame
 * at the highest resolution the camera gives, else the frame of now.
 *
 * The moving picture is disturbed for an instant at most, and never when `full` is false. A camera
 * that does not answer is left after a few seconds, and a way that failed is not tried again on
 * that camera. Encodes and sends nothing.
 */

import { fitting } from "./still_stages.js";

/** @typedef {{width: number, height: number}} Size */
/**
 * @typedef {object} Optics what the browser offers; replaced in tests
 * @property {(track: MediaStreamTrack) => ImageCapture | null} capture null where there is none
 * @property {(constraints: MediaTrackConstraints) => Promise<MediaStreamTrack>} open another view of the camera
 * @property {(track: MediaStreamTrack, wanted: (size: Size) => boolean, seconds: number) => Promise<ImageBitmap>} frame
 * @property {(photo: Blob) => Promise<ImageBitmap>} decode
 */

/** @typedef {() => Promise<() => Promise<unknown>>} Hold keeps the moving picture from being sent, until released */

const PHOTO_SECONDS = 4;
const FRAME_SECONDS = 4;
const WIDE_SECONDS = 1.5;
/** A photograph is asked for within this, so that no telephone decodes a hundred megapixels. */
const LONGEST_SIDE = 5000;

/** Why there is no still: `no_camera`, `no_frame`, `encoding`. */
export class StillFailure extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class StillCamera {
  /** @type {WeakSet<MediaStreamTrack>} */
  #photoless = new WeakSet();
  /** @type {WeakSet<MediaStreamTrack>} */
  #narrow = new WeakSet();

  /** @param {Optics} optics */
  constructor(optics = browserOptics()) {
    this.optics = optics;
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @param {boolean} full at the camera's full resolution, or just the frame of now
   * @param {Hold} hold
   * @returns {Promise<ImageBitmap>} the caller closes it; rejects with StillFailure
   */
  async take(track, full, hold) {
    if (!track || track.readyState !== "live") throw new StillFailure("no_camera");
    const photo = full ? await this.#photo(track) : null;
    if (photo && !couldBeLarger(track, photo)) return photo;
    const wide = full ? await this.#wide(track, hold) : null;
    const [best, other] = pixels(wide) > pixels(photo) ? [wide, photo] : [photo, wide];
    other?.close();
    return best ?? this.#frame(track);
  }

  /**
   * The camera's own photograph; null when it cannot.
   * @param {MediaStreamTrack} track
   */
  async #photo(track) {
    if (this.#photoless.has(track)) return null;
    try {
      const capture = this.optics.capture(track);
      if (!capture) return null;
      return await within(PHOTO_SECONDS, photograph(capture).then((blob) => this.optics.decode(blob)));
    } catch {
      this.#photoless.add(track);
      return null;
    }
  }

  /**
   * A frame at the highest resolution: this track widened for a moment, or a second view of the
   * same camera where a browser keeps each view to its own size. Null when neither is larger.
   * @param {MediaStreamTrack} track
   * @param {Hold} hold
   */
  async #wide(track, hold) {
    const now = sizeOf(track);
    if (!couldBeLarger(track, now) || this.#narrow.has(track)) return null;
    const larger = (await this.#widened(track, now, hold)) ?? (await this.#secondView(track, now));
    if (!larger) this.#narrow.add(track);
    return larger;
  }

  /**
   * Encoded, a frame so large would cost a thin link seconds: nothing of it is sent.
   * @param {MediaStreamTrack} track
   * @param {Size} now
   * @param {Hold} hold
   */
  async #widened(track, now, hold) {
    const before = track.getConstraints();
    const release = await hold();
    try {
      await within(WIDE_SECONDS, track.applyConstraints({ ...before, ...highest(track) }));
      if (pixels(sizeOf(track)) <= pixels(now)) return null;
      return await this.optics.frame(track, (size) => pixels(size) > pixels(now), WIDE_SECONDS);
    } catch {
      return null;
    } finally {
      await track.applyConstraints(before).catch(() => {});
      await release();
    }
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {Size} now
   */
  async #secondView(track, now) {
    const { deviceId } = track.getSettings();
    /** @type {MediaStreamTrack | null} */
    let view = null;
    try {
      if (!deviceId) return null;
      view = await this.optics.open({ deviceId: { exact: deviceId }, ...highest(track) });
      if (pixels(sizeOf(view)) <= pixels(now)) return null;
      return await this.optics.frame(view, (size) => pixels(size) > pixels(now), WIDE_SECONDS);
    } catch {
      return null;
    } finally {
      view?.stop();
    }
  }

  /** @param {MediaStreamTrack} track */
  async #frame(track) {
    try {
      return await this.optics.frame(track, () => true, FRAME_SECONDS);
    } catch {
      throw new StillFailure("no_frame");
    }
  }
}

/**
 * The largest photograph the camera takes within what we paint, without its lamp.
 * @param {ImageCapture} capture
 */
async function photograph(capture) {
  /** @type {any} */
  const can = await capture.getPhotoCapabilities().catch(() => ({}));
  const largest = { width: can.imageWidth?.max ?? 0, height: can.imageHeight?.max ?? 0 };
  /** @type {Record<string, unknown>} */
  const wanted = {};
  if (largest.width && largest.height) {
    const size = fitting(largest);
    const factor = Math.min(1, LONGEST_SIDE / Math.max(size.width, size.height));
    wanted.imageWidth = Math.floor(size.width * factor);
    wanted.imageHeight = Math.floor(size.height * factor);
  }
  if (can.fillLightMode?.includes("off")) wanted.fillLightMode = "off";
  return capture.takePhoto(wanted);
}

/**
 * Whether the camera says it can do better than this size.
 * @param {MediaStreamTrack} track
 * @param {Size} size
 */
function couldBeLarger(track, size) {
  const { width, height } = track.getCapabilities?.() ?? {};
  return pixels({ width: width?.max ?? 0, height: height?.max ?? 0 }) > pixels(size) * 1.2;
}

/** @param {MediaStreamTrack} track */
function highest(track) {
  const { width, height } = track.getCapabilities?.() ?? {};
  return { width: { ideal: Math.min(width?.max ?? 0, LONGEST_SIDE) }, height: { ideal: Math.min(height?.max ?? 0, LONGEST_SIDE) } };
}

/** @param {MediaStreamTrack} track */
function sizeOf(track) {
  const { width = 0, height = 0 } = track.getSettings();
  return { width, height };
}

/** @param {Size | null} size */
function pixels(size) {
  return size ? size.width * size.height : 0;
}

/**
 * @template Value
 * @param {number} seconds
 * @param {Promise<Value>} promise
 * @returns {Promise<Value>}
 */
function within(seconds, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StillFailure("no_frame")), seconds * 1000);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @returns {Optics} */
function browserOptics() {
  return {
    capture: (track) => (typeof ImageCapture === "undefined" ? null : new ImageCapture(track)),
    open: async (video) => (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks()[0],
    frame: frameOf,
    decode: (photo) => createImageBitmap(photo),
  };
}

/**
 * A frame of the size wanted, seen through a player of our own.
 * @param {MediaStreamTrack} track
 * @param {(size: Size) => boolean} wanted
 * @param {number} seconds
 */
async function frameOf(track, wanted, seconds) {
  const player = document.createElement("video");
  player.muted = player.playsInline = true;
  player.srcObject = new MediaStream([track]);
  try {
    await within(seconds, player.play().then(() => seen(player, wanted, seconds)));
    return await createImageBitmap(player);
  } finally {
    player.srcObject = null;
  }
}

/**
 * @param {HTMLVideoElement} player
 * @param {(size: Size) => boolean} wanted
 * @param {number} seconds after which nobody waits any more
 */
async function seen(player, wanted, seconds) {
  const end = performance.now() + seconds * 1000;
  while (!(player.videoWidth && wanted({ width: player.videoWidth, height: player.videoHeight }))) {
    if (performance.now() > end) throw new StillFailure("no_frame");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
