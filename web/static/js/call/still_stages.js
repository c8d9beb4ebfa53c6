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
/** @typedef {(size: Size, type: string, quality: number) => Promise<Blob>} Paint */

export const PIXELS = 25_000_000;
/** Bytes of each stage; the first is the worker's to say, the last depends on the link. */
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
 * @param {{first: number, last: number | null}} bytes the most of the first and last; null for the first alone
 * @param {Paint} paint
 * @returns {Promise<MadeStage[]>} rejects when even a tiny picture does not fit or nothing can be encoded
 */
export async function stagesOf(picture, { first, last }, paint) {
  const type = await typeOf(paint);
  const sizes = [within(picture, SIDE.first)];
  const limits = [first];
  if (last !== null) {
    sizes.push(within(picture, SIDE.second), fitting(picture));
    limits.push(Math.min(BYTES.second, last), last);
  }
  /** @type {MadeStage[]} */
  const made = [];
  for (const [index, size] of sizes.entries()) {
    const stage = await smallEnough(size, limits[index], (at, quality) => paint(at, type, quality));
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
 * @param {number} limit bytes
 * @param {(size: Size, quality: number) => Promise<Blob>} encode
 * @returns {Promise<MadeStage>}
 */
async function smallEnough(size, limit, encode) {
  for (let at = size; Math.max(at.width, at.height) >= SMALLEST_SIDE; at = scaled(at, SMALLER)) {
    const blob = await bestQuality(limit, (quality) => encode(at, quality));
    if (blob) return { ...at, blob, bytes: blob.size, type: /** @type {StillStage["type"]} */ (blob.type) };
  }
  throw new Error("no size of this picture is small enough");
}

/**
 * The best encoding within the limit, or null when the least quality is too much.
 * @param {number} limit bytes
 * @param {(quality: number) => Promise<Blob>} encode
 */
async function bestQuality(limit, encode) {
  let { least, most } = QUALITY;
  let best = await encode(most);
  if (best.size <= limit) return best;
  best = await encode(least);
  if (best.size > limit) return null;
  for (let tries = 2; tries < TRIES; tries += 1) {
    const quality = (least + most) / 2;
    const blob = await encode(quality);
    if (blob.size > limit) most = quality;
    else [least, best] = [quality, blob];
  }
  return best;
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
