/**
 * What takes, sends and draws stills, with its style: fetched apart from the page, when it is at
 * rest or first needs it.
 */

import { h } from "./element.js";
import { StillScene } from "./still_scene.js";
import { Studio } from "./still_studio.js";
import { failure } from "./still_words.js";

const STYLE = new URL("../../css/stills.css", import.meta.url).pathname;
/** @type {Promise<unknown> | null} */
let style = null;

/** Resolves when what is drawn will look as it should; rejects when that could not be fetched. */
function styled() {
  style ??= new Promise((resolve, reject) => {
    const link = h("link", { rel: "stylesheet", href: STYLE, onload: resolve, onerror: reject });
    document.head.append(link);
  });
  return style.catch((error) => {
    style = null;
    throw error;
  });
}

export const parts = { StillScene, Studio, failure, styled };
