/**
 * What to show in the place of one picture, so that a frozen one is never shown without words.
 *
 * Pure. Frames that come are believed before any announcement; announcements say why none come.
 */

import { GONE, STOPPED } from "./freshness.js";

/** @import { Rung, Shown, TileRow } from "../../../types/call.d.ts" */

/** Rungs at which no moving picture is sent. @type {(Rung | undefined)[]} */
export const UNSENT = ["stills", "voice", "text"];
const PATIENCE = 1500;

/**
 * @param {TileRow} tile
 * @param {{begun: boolean, age: number}} fresh `age`: ms since the last frame, or since the track came
 * @param {boolean} hasStill
 * @returns {Shown}
 */
export function shown(tile, { begun, age }, hasStill) {
  const on = tile.sort === "exam" || tile.camera === "on";
  if (tile.connection === "lost" || tile.connection === "connecting") return on ? "live" : "off";
  if (!on) return "off";
  const rung = tile.passage?.rung;
  const unsent = UNSENT.includes(rung);
  if (begun && age < (unsent ? GONE : STOPPED)) return "live";
  if (unsent) return hasStill && rung === "stills" ? "still" : /** @type {Shown} */ (rung);
  if (begun) return "stopped";
  if (hasStill) return "still";
  return age < PATIENCE ? "live" : "coming";
}
