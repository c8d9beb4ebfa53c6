/**
 * What takes, sends and draws stills: fetched apart from the page, when it is at rest or first
 * needs it.
 */

import { StillScene } from "./still_scene.js";
import { Studio } from "./still_studio.js";
import { failure } from "./still_words.js";

export const parts = { StillScene, Studio, failure };
