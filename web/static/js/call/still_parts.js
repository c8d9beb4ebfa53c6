/**
 * Fetches what takes, sends and draws stills. It comes apart from the page, which is light.
 */

const APART = new URL("../call/still_apart.js", import.meta.url);
/** Firefox never asks again for an address that failed once. */
let failures = 0;

/**
 * Rejects when it could not be fetched, and may be asked again.
 * @returns {Promise<typeof import("./still_apart.js").parts>}
 */
export async function stillParts() {
  try {
    return (await (failures ? import(`${APART}?${failures}`) : import("./still_apart.js"))).parts;
  } catch (error) {
    failures += 1;
    throw error;
  }
}
