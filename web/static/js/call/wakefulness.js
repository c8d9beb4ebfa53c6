/**
 * Keeps the screen lit while it is wanted, where the device allows it; a hidden page loses the light.
 */

/** @type {WakeLockSentinel | null} */
let lock = null;

/** @param {boolean} wanted */
export async function wakeful(wanted) {
  if (!wanted) {
    await lock?.release();
    lock = null;
  } else if (!document.hidden && (!lock || lock.released)) {
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  }
}
