// One way to send a form to the server from a script, with the page's CSRF token.

/**
 * @typedef {object} Answer
 * @property {boolean} ok
 * @property {number} status 0 when the server could not be reached
 * @property {Record<string, unknown>} body empty when the answer held no JSON object
 * @property {string} url where redirections ended
 * @property {boolean} redirected
 */

/** @returns {string} */
export function csrfToken() {
  return document.querySelector("meta[name=csrf]")?.getAttribute("content") ?? "";
}

/**
 * Posts fields as a form and reads a JSON answer. Never throws for the network's sake.
 * @param {string} path
 * @param {Record<string, string>} fields
 * @param {typeof fetch} [send]
 * @returns {Promise<Answer>}
 */
export async function post(path, fields, send = fetch) {
  try {
    const response = await send(path, {
      method: "POST",
      headers: { "X-CSRF-Token": csrfToken(), Accept: "application/json" },
      body: new URLSearchParams(fields),
    });
    const { ok, status, url, redirected } = response;
    return { ok, status, url, redirected, body: await jsonOf(response) };
  } catch {
    return { ok: false, status: 0, url: "", redirected: false, body: {} };
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Record<string, unknown>>}
 */
async function jsonOf(response) {
  try {
    const body = await response.json();
    return body && typeof body === "object" ? body : {};
  } catch {
    return {};
  }
}
