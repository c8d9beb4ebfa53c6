/**
 * How a still lies in its frame: whole at first, then closer around a point. Pure.
 *
 * Places are in CSS pixels from the frame's centre; places in the picture are 0…1 from its top left.
 */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x: number, y: number}} Place */
/** @typedef {{scale: number, x: number, y: number}} Sight `scale` 1 shows the whole; x, y: the picture's centre */

export const MOST = 8;
/** @type {Readonly<Sight>} */
export const WHOLE = { scale: 1, x: 0, y: 0 };

/**
 * The largest size of the picture that fits into the frame.
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Size}
 */
export function fitted(frame, picture) {
  const factor = Math.min(frame.width / picture.width, frame.height / picture.height);
  return { width: picture.width * factor, height: picture.height * factor };
}

/**
 * Closer or further, the point `at` staying where it is.
 * @param {Sight} sight
 * @param {number} factor
 * @param {Place} at
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Sight}
 */
export function zoomed(sight, factor, at, frame, picture) {
  const scale = Math.min(MOST, Math.max(1, sight.scale * factor));
  const grown = scale / sight.scale;
  return held({ scale, x: at.x - (at.x - sight.x) * grown, y: at.y - (at.y - sight.y) * grown }, frame, picture);
}

/**
 * @param {Sight} sight
 * @param {Place} by
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Sight}
 */
export function moved(sight, by, frame, picture) {
  return held({ ...sight, x: sight.x + by.x, y: sight.y + by.y }, frame, picture);
}

/**
 * No further than the picture's edge: what is looked at never leaves the frame.
 * @param {Sight} sight
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Sight}
 */
export function held({ scale, x, y }, frame, picture) {
  const whole = fitted(frame, picture);
  const room = (/** @type {number} */ shown, /** @type {number} */ seen) => Math.max(0, (shown * scale - seen) / 2);
  const [wide, high] = [room(whole.width, frame.width), room(whole.height, frame.height)];
  return { scale, x: Math.min(wide, Math.max(-wide, x)), y: Math.min(high, Math.max(-high, y)) };
}

/**
 * Where in the picture a place of the frame is, or null beside it.
 * @param {Place} at
 * @param {Sight} sight
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Place | null}
 */
export function pointed(at, sight, frame, picture) {
  const whole = fitted(frame, picture);
  const x = (at.x - sight.x) / (whole.width * sight.scale) + 0.5;
  const y = (at.y - sight.y) / (whole.height * sight.scale) + 0.5;
  return x >= 0 && x <= 1 && y >= 0 && y <= 1 ? { x, y } : null;
}

/**
 * Where in the frame a place of the picture is.
 * @param {Place} at
 * @param {Sight} sight
 * @param {Size} frame
 * @param {Size} picture
 * @returns {Place}
 */
export function placed(at, sight, frame, picture) {
  const whole = fitted(frame, picture);
  return { x: sight.x + (at.x - 0.5) * whole.width * sight.scale, y: sight.y + (at.y - 0.5) * whole.height * sight.scale };
}
