/**
 * Fetches what takes, sends and draws stills. It comes apart from the page, which is light.
 */

/** Firefox never asks again for an address that failed once: a second try has one of its own, made
 *  from what `call.html` says of where the file is. */
let failures = 0;

const apart = () => document.querySelector("meta[name=apart]")?.getAttribute("content");

/** The server has no such file any more: it is of another release than this page. */
export class Outdated extends Error {}

/**
 * Rejects when it could not be fetched, and may be asked again; but for `Outdated`, which stays.
 * @returns {Promise<typeof import("./still_apart.js").parts>}
 */
export async function stillParts() {
  try {
    return (await (failures ? import(`${apart()}?${failures}`) : import("./still_apart.js"))).parts;
  } catch (error) {
    failures += 1;
    throw (await gone()) ? new Outdated() : error;
  }
}

/** A script that fails does not say why: the server is asked whether it has it. */
async function gone() {
  const answer = await fetch(apart() ?? "", { method: "HEAD", cache: "no-store" }).catch(() => null);
  return answer?.status === 404;
}
