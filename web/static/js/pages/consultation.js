// The consultation's page: copies a link, and says that it did; has the call's page ready.

import { copyField } from "../lib/copy.js";
import { _ } from "../lib/i18n.js";
import { fetchLater } from "../lib/later.js";

const SHOWN_MS = 4000;

/** @param {string} text */
function say(text) {
  const status = document.createElement("p");
  status.className = "toast";
  status.setAttribute("role", "status");
  document.body.append(status);
  // A status read aloud has to be in the page before its words.
  setTimeout(() => { status.textContent = text; }, 50);
  setTimeout(() => status.remove(), SHOWN_MS);
}

/** @param {HTMLElement} button */
async function copy(button) {
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.copy ?? ""));
  const done = await copyField(field);
  say(done ? _("Lien copié.") : _("Le lien est sélectionné. Copiez-le avec le clavier ou un appui long."));
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  button.hidden = false;
  button.addEventListener("click", () => void copy(button));
}
fetchLater();
