// What the page says of a photograph on its way. Only what the server acknowledged is "on the server".

import { _ } from "../lib/i18n.js";

/** @param {number} count @returns {string} 10⁶ bytes are one Mo */
export function bytes(count) {
  if (count >= 1e7) return _("{count} Mo", { count: Math.round(count / 1e6) });
  if (count >= 1e6) {
    const count1 = (count / 1e6).toLocaleString(globalThis.document?.documentElement.lang || "fr", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    return _("{count} Mo", { count: count1 });
  }
  return _("{count} ko", { count: Math.ceil(count / 1000) });
}

/** @param {number | null} seconds @returns {string} */
export function left(seconds) {
  if (seconds === null) return "";
  if (seconds < 90) return _("encore {count} s", { count: Math.max(1, Math.round(seconds)) });
  return _("encore {count} min", { count: Math.round(seconds / 60) });
}

/** Why an upload ended for good, by the server's status. @param {number} status */
export function refusal(status) {
  if (status === 413) return _("Ce fichier est trop lourd.");
  if (status === 422) return _("Ce fichier n’est pas une photographie lisible.");
  if (status === 460) return _("Le fichier est arrivé abîmé. Choisissez-le de nouveau.");
  if (status === 409) return _("La demande n’accepte plus de photographie.");
  if (status === 410) return _("Cet envoi a attendu trop longtemps. Choisissez le fichier de nouveau.");
  if (status === 403 || status === 404) return _("Votre session est terminée, ou la demande n’est plus ouverte. Reconnectez-vous.");
  return _("Ce fichier n’a pas pu être envoyé.");
}
