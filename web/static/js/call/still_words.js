/**
 * The words of stills, for codes and numbers. Decides nothing.
 */

import { _ } from "../lib/i18n.js";

/** @import { Sending, ShownStill } from "../../../types/stills.d.ts" */

/**
 * Why no still could be taken.
 * @param {string} code
 */
export function failure(code) {
  /** @type {Record<string, string>} */
  const texts = {
    no_camera: _("L’image n’a pas été prise : la caméra est éteinte."),
    no_frame: _("L’image n’a pas été prise : la caméra ne donne rien. Débranchez-la, rebranchez-la, puis recommencez."),
    encoding: _("L’image n’a pas pu être préparée sur cet appareil. Recommencez."),
  };
  return texts[code] ?? code;
}

/**
 * Where a still of ours is on its way.
 * @param {Sending} sending
 * @param {(code: string) => string} refusal why the server did not take it
 */
export function sending({ state, stage, done, code }, refusal) {
  const percent = Math.floor(done * 100);
  if (state === "failed") return _("Image non envoyée. {why}", { why: refusal(code ?? "") });
  if (state === "cut") return _("Image en attente : la liaison est coupée. Elle repartira toute seule.");
  if (state === "held") return _("Image en attente : la voix passe d’abord.");
  if (stage === 0) return _("Image en cours d’envoi : {percent} %", { percent });
  return _("Image envoyée. Version plus nette en cours d’envoi : {percent} %", { percent });
}

/**
 * How much of a still is here.
 * @param {ShownStill} still
 */
export function arrival({ stages, shown, done }) {
  const percent = Math.floor(done * 100);
  if (shown < 0) return done ? _("Image en cours d’arrivée : {percent} %", { percent }) : _("Image pas encore arrivée");
  const { width, height } = stages[shown];
  const size = _("{width} × {height} points", { width, height });
  if (shown === stages.length - 1) return size;
  return done ? _("{size} ; plus nette : {percent} %", { size, percent }) : _("{size} ; plus nette à venir", { size });
}

/**
 * What a still is, for who cannot see it and for its title.
 * @param {ShownStill} still
 * @param {string} name whose camera
 * @param {string} at the hour it was taken
 */
export function title({ source, why }, name, at) {
  if (why === "rung") return _("{name}, image automatique, {at}", { name, at });
  return source === "exam" ? _("{name}, deuxième image, {at}", { name, at }) : _("{name}, {at}", { name, at });
}
