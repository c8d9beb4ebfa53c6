/**
 * What takes, sends and draws stills, fetched apart from the page: once, and again after a failure.
 * Named from the folder of pages, where one script stands for all it imports.
 */

/** @import { StillScene } from "./still_scene.js" */
/** @import { Studio } from "./still_studio.js" */
/** @typedef {{StillScene: typeof StillScene, Studio: typeof Studio, failure: (code: string) => string}} StillParts */

/** @type {Promise<StillParts> | null} */
let loading = null;

/**
 * Rejects when they could not be fetched.
 * @returns {Promise<StillParts>}
 */
export function stillParts() {
  loading ??= fetched().catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** @returns {Promise<StillParts>} */
function fetched() {
  return new Promise((resolve, reject) => {
    addEventListener("carbet-stills", (event) => resolve(/** @type {CustomEvent} */ (event).detail), { once: true });
    import("../pages/call_stills.js").catch(reject);
  });
}
