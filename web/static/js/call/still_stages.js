/**
 * One picture as files of growing size: a first one that crosses the thinnest link, then sharper.
 *
 * Quality and size are found by trying, since nothing tells beforehand how many bytes a picture
 * takes. Every file is painted anew: what a camera writes into its own files (place, owner, make)
 * stays here. Refuses to paint more than 25 megapixels.
 */

/** @import { StillStage } from "../../../types/call.d.ts" */
/** @import { MadeStage } from "../../../types/stills.d.ts" */
/** @typedef {{width: number, height: number}} Size */
/**
 * @typedef {object} Limits in bytes; without `second` and `last` the first stage alone
 * @property {number} first
 * @property {number} [aim] of the first stage: more only where less would cost it its size
 * @property {number} [second]
 * @property {number} [last]
 */
/** @typedef {(size: Size, type: string, quality: number) => Promise<Blob>} Paint */

export const PIXELS = 25_000_000;
/** The most bytes of each stage; the link may allow fewer. */
export const BYTES = { first: 9_000, second: 40_000, last: 1_500_000 };
const SIDE = { first: 640, second: 1280 };
/** Below the least quality blocks hide more than a smaller size does. */
const QUALITY = { least: 0.1, most: 0.85 };
const TRIES = 5;
const SMALLER = 0.8;
const SMALLEST_SIDE = 64;

/**
 * The stages of a picture, smallest first, none larger in pixels than the picture.
 * @param {Size} picture
 * @param {Limits} limits
 * @param {Paint} paint
 * @returns {Promise<MadeStage[]>} rejects when even a tiny picture does not fit or nothing can be encoded
 */
export async function stagesOf(picture, { first, aim = first, second, last }, paint) {
  const type = await typeOf(paint);
  /** @type {[size: Size, aim: number, most: number][]} */
  const wanted = [[within(picture, SIDE.first), aim, first]];
  if (second && last) wanted.push([within(picture, SIDE.second), second, second], [fitting(picture), last, last]);
  /** @type {MadeStage[]} */
  const made = [];
  for (const [size, fewest, most] of wanted) {
    const stage = await smallEnough(size, { aim: fewest, most }, (at, quality) => paint(at, type, quality));
    // Sharper in no more bytes: the one before has lost its use.
    while (made.length && made[made.length - 1].bytes >= stage.bytes) made.pop();
    if (adds(stage, made.at(-1))) made.push(stage);
  }
  return made;
}

/**
 * A larger stage that shows nothing new is not worth its bytes.
 * @param {StillStage} stage
 * @param {StillStage | undefined} before
 */
function adds(stage, before) {
  return !before || stage.width > before.width || stage.bytes > before.bytes * 1.5;
}

/**
 * WebP says more in fewer bytes; a browser that cannot write it quietly gives another type.
 * @param {Paint} paint
 * @returns {Promise<StillStage["type"]>}
 */
async function typeOf(paint) {
  const sample = await paint({ width: 8, height: 8 }, "image/webp", 0.5);
  if (sample.type === "image/webp") return "image/webp";
  const other = await paint({ width: 8, height: 8 }, "image/jpeg", 0.5);
  if (other.type !== "image/jpeg") throw new Error("this browser encodes no picture");
  return "image/jpeg";
}

/**
 * @param {Size} size
 * @param {{aim: number, most: number}} bytes
 * @param {(size: Size, quality: number) => Promise<Blob>} encode
 * @returns {Promise<MadeStage>}
 */
async function smallEnough(size, bytes, encode) {
  for (let at = size; Math.max(at.width, at.height) >= SMALLEST_SIDE; at = scaled(at, SMALLER)) {
    const blob = await bestQuality(bytes, (quality) => encode(at, quality));
    if (blob) return { ...at, blob, bytes: blob.size, type: /** @type {StillStage["type"]} */ (blob.type) };
  }
  throw new Error("no size of this picture is small enough");
}

/**
 * The best encoding within what is aimed at, or else the least that is not too much; null when that
 * is too much as well.
 * @param {{aim: number, most: number}} bytes
 * @param {(quality: number) => Promise<Blob>} encode
 */
async function bestQuality({ aim, most }, encode) {
  let high = { quality: QUALITY.most, blob: await encode(QUALITY.most) };
  if (high.blob.size <= aim) return high.blob;
  let low = { quality: QUALITY.least, blob: await encode(QUALITY.least) };
  if (low.blob.size > aim) return low.blob.size <= most ? low.blob : null;
  for (let tries = 2; tries < TRIES; tries += 1) {
    const quality = between(low, high, aim);
    const tried = { quality, blob: await encode(quality) };
    if (tried.blob.size > aim) high = tried;
    else low = tried;
  }
  return low.blob;
}

/**
 * Where the aim lies if bytes grow evenly with quality; never quite at an end, so that each try
 * teaches something.
 * @param {{quality: number, blob: Blob}} low
 * @param {{quality: number, blob: Blob}} high
 * @param {number} aim bytes
 */
function between(low, high, aim) {
  const share = (aim - low.blob.size) / (high.blob.size - low.blob.size);
  return low.quality + (high.quality - low.quality) * Math.min(0.9, Math.max(0.1, share));
}

/**
 * @param {Size} picture
 * @param {number} side the longest
 */
function within(picture, side) {
  return scaled(picture, Math.min(1, side / Math.max(picture.width, picture.height)));
}

/**
 * The picture's own size, or the largest we paint.
 * @param {Size} picture
 */
export function fitting(picture) {
  return scaled(picture, Math.min(1, Math.sqrt(PIXELS / (picture.width * picture.height))));
}

/**
 * @param {Size} size
 * @param {number} factor
 */
function scaled({ width, height }, factor) {
  return { width: Math.max(1, Math.floor(width * factor)), height: Math.max(1, Math.floor(height * factor)) };
}

/**
 * Paints this picture off the screen, once for each size.
 * @param {ImageBitmap} picture
 * @returns {Paint}
 */
export function painting(picture) {
  /** @type {OffscreenCanvas | null} */
  let canvas = null;
  return ({ width, height }, type, quality) => {
    if (canvas?.width !== width || canvas.height !== height) {
      canvas = new OffscreenCanvas(width, height);
      const brush = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
      brush.imageSmoothingQuality = "high";
      brush.drawImage(picture, 0, 0, width, height);
    }
    return canvas.convertToBlob({ type, quality });
  };
}
