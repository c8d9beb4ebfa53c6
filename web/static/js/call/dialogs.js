/**
 * Questions which must be answered before going on, and the list of keys: `<dialog>`s.
 */

import { _ } from "../lib/i18n.js";
import { button, h } from "./element.js";

/**
 * Asks; resolves to the value of the choice, or null when the person steps back.
 * @param {{title: string, text: string, choices: [value: string, words: string, look: string][], stay?: string}} question
 * @returns {Promise<string | null>}
 */
export function ask({ title, text, choices, stay: words = _("Annuler") }) {
  return new Promise((answer) => {
    /** @type {(value: string) => () => void} */
    const close = (value) => () => dialog.close(value);
    // The harmless answer has the focus: a key struck by habit must not end a consultation.
    const stay = button(null, words, close(""), "wide");
    stay.autofocus = true;
    /** @type {HTMLDialogElement} */
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": "dialog-title", onclose: () => (dialog.remove(), answer(dialog.returnValue || null)) },
      h("h2", { id: "dialog-title" }, title),
      h("p", {}, text),
      h("div", { class: "stack-tight" }, ...choices.map(([value, choice, look]) => button(null, choice, close(value), `wide ${look}`)), stay),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function askLeave() {
  return ask({
    title: _("Quitter la consultation ?"),
    text: _("Si vous quittez sans terminer, les autres restent ensemble et vous pouvez revenir."),
    choices: [
      ["end", _("Terminer pour tous"), "stop"],
      ["leave", _("Quitter sans terminer"), ""],
    ],
    stay: _("Rester"),
  });
}

/** @param {string} name */
export function askRemove(name) {
  return ask({
    title: _("Retirer {name} ?", { name }),
    text: _("Cette personne sort tout de suite et ne pourra revenir qu’avec un nouveau lien ou votre accord."),
    choices: [["remove", _("Retirer"), "stop"]],
  });
}

/**
 * The keys and their switch: one letter alone can be struck by mistake or by voice control.
 * @param {import("./controls.js").Keys} keys
 */
export function showKeys(keys) {
  const rows = [
    ["M", _("couper ou rouvrir le micro")],
    ["V", _("éteindre ou allumer la caméra")],
    ["E", _("deuxième image")],
    ["H", _("lever ou baisser la main")],
    ["C", _("messages")],
    ["P", _("personnes présentes")],
    ["?", _("cette liste")],
    [_("Échap"), _("fermer le volet")],
  ];
  /** @type {HTMLInputElement} */
  const box = h("input", { type: "checkbox", onchange: () => keys.set(box.checked) });
  box.checked = keys.on;
  /** @type {HTMLDialogElement} */
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "keys-title", onclose: () => dialog.remove() },
    h("h2", { id: "keys-title" }, _("Raccourcis clavier")),
    h("dl", { class: "keys" }, ...rows.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])),
    h("label", { class: "choice" }, box, h("span", {}, _("Utiliser ces raccourcis sur cet appareil"))),
    button(null, _("Fermer"), () => dialog.close(), "wide"),
  );
  document.body.append(dialog);
  dialog.showModal();
}
