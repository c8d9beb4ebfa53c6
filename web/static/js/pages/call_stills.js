/**
 * The part of the call page that takes, sends and draws stills. The page fetches it apart, when it
 * is at rest or first needs it, and hears its parts by an event: a page's script exports nothing.
 */

import { StillScene } from "../call/still_scene.js";
import { Studio } from "../call/still_studio.js";
import { failure } from "../call/still_words.js";

/** @import { StillParts } from "../call/still_parts.js" */

/** @type {StillParts} */
const parts = { StillScene, Studio, failure };
dispatchEvent(new CustomEvent("carbet-stills", { detail: parts }));
