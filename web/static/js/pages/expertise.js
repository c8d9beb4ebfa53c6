// A request for an opinion: its text is kept while it is written, its photographs go to the server.
// Without this script the text is written and sent by its buttons.

import { Autosave } from "../expertise/autosave.js";
import { Photos } from "../expertise/photos.js";

const status = document.getElementById("saved");
const saving = [...document.querySelectorAll("form[data-autosave]")].map(
  (form) => new Autosave(/** @type {HTMLFormElement} */ (form), status),
);
const section = /** @type {HTMLElement | null} */ (document.querySelector("[data-uploads]"));
const photos = section && new Photos(section);

addEventListener("beforeunload", (event) => {
  if (photos?.busy || saving.some((each) => each.dirty)) event.preventDefault();
});
