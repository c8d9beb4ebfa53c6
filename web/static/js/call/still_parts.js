/**
 * Fetches what takes, sends and draws stills. It comes apart from the page, which is light.
 */

/** Firefox never asks again for an address that failed once: a second try has one of its own, made
 *  from what `call.html` says of where the file is. */
let failures = 0;

const apart = () => document.querySelector("meta[name=apart]")?.getAttribute("content");

/**
 * Rejects when it could not be fetched, and may be asked again.
 * @returns {Promise<typeof import("./still_apart.js").parts>}
 */
export async function stillParts() {
  try {
    return (await (failures ? import(`${apart()}?${failures}`) : import("./still_apart.js"))).parts;
  } catch (error) {
    failures += 1;
    throw error;
  }
}
