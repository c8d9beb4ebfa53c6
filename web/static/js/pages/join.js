// Turns the token of the link's fragment into a guest session. The token leaves the
// address at once and stays in this page's memory: never stored, never logged.

import { post } from "../lib/http.js";
import { _ } from "../lib/i18n.js";

/** @typedef {import("../lib/http.js").Answer} Answer */
/** @typedef {{ to: string } | { problem: string, again: boolean }} Outcome */

/**
 * The token, taken out of the address so that neither history nor a shared screen keeps it.
 * @param {Pick<Location, "hash" | "pathname" | "search">} location
 * @param {Pick<History, "replaceState">} history
 * @returns {string} empty when the address held none
 */
export function takeToken(location, history) {
  const token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/**
 * Where the server's answer leads.
 * @param {Answer} answer
 * @returns {Outcome}
 */
export function outcomeOf(answer) {
  if (answer.ok && answer.redirected) return { to: answer.url };
  if (answer.ok && typeof answer.body.location === "string") return { to: answer.body.location };
  if (answer.status === 0) {
    return { problem: _("La liaison ne répond pas. Vérifiez votre connexion, puis réessayez."), again: true };
  }
  const again = answer.status === 429 || answer.status >= 500;
  if (typeof answer.body.error === "string") return { problem: answer.body.error, again };
  if (again) return { problem: _("Le service est momentanément indisponible. Réessayez dans un instant."), again };
  return { problem: _("Ce lien n’est pas valable, ou ne l’est plus. Demandez-en un nouveau à la personne qui vous l’a envoyé."), again };
}

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} text */
function showState(text) {
  part("join-state").textContent = text;
  part("join-problem").hidden = true;
  part("join-again").hidden = true;
}

/** @param {string} text @param {boolean} again */
function showProblem(text, again) {
  part("join-state").textContent = "";
  const notice = part("join-problem");
  notice.hidden = false;
  /** @type {HTMLElement} */ (notice.querySelector("p")).textContent = text;
  part("join-again").hidden = !again;
}

/** @param {string} token */
async function join(token) {
  showState(_("Vérification de votre lien…"));
  const outcome = outcomeOf(await post("/join", { token }));
  if ("to" in outcome) location.replace(outcome.to);
  else showProblem(outcome.problem, outcome.again);
}

/** Starts once per page, and again when another link is pasted over this one. */
function start() {
  const token = takeToken(location, history);
  if (!token) {
    showProblem(_("Ce lien est incomplet, ou la page a été rechargée. Ouvrez de nouveau le lien reçu."), false);
    return;
  }
  part("join-again").onclick = () => join(token);
  void join(token);
}

if (globalThis.document) {
  start();
  addEventListener("hashchange", () => location.hash && start());
}
