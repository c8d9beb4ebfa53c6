/**
 * The words for what passes and why, from the codes of `verdict.js` and `quality.js`. Decides nothing.
 *
 * Places are named without an article or after a preposition that takes none, so that any name fits.
 */

import { _ } from "../lib/i18n.js";

/** @import { Cause, Matter, Passage, ReasonCode, Rung, SeatRow, Turn, Verdict, VerdictLine } from "../../../types/call.d.ts" */

/**
 * Where somebody is, as one says it aloud: « CDPS de Maripasoula » is Maripasoula.
 * @param {{place: string, name: string}} seat
 */
export function where({ place, name }) {
  const town = place.match(/ (?:de|du|des|à|au|aux) (\p{Lu}[^,()]*)$|d[’'](\p{Lu}[^,()]*)$/u);
  return town?.[1] ?? town?.[2] ?? (place || name);
}

/** @param {number} kbps */
export function rate(kbps) {
  if (kbps >= 1000) return _("{rate} Mbit/s", { rate: decimal(kbps / 1000) });
  return _("{rate} kbit/s", { rate: kbps >= 100 ? Math.round(kbps / 10) * 10 : Math.round(kbps) });
}

/** @param {number} value one digit behind the comma, where there is something */
export function decimal(value) {
  return value.toLocaleString(globalThis.document?.documentElement.lang ?? "fr", { maximumFractionDigits: 1 });
}

/**
 * What passes: « voix + images fixes ».
 * @param {{rung: Rung, voice?: boolean, picture?: boolean}} line
 */
export function carried({ rung, voice = true, picture = true }) {
  if (rung === "text") return _("messages écrits seulement");
  const pictures = picture ? pictureOf(rung) : "";
  if (voice && pictures) return _("voix + {pictures}", { pictures });
  if (voice) return _("voix seule");
  return pictures || _("ni voix ni image");
}

/** @param {Rung} rung */
export function pictureOf(rung) {
  return {
    motion: _("image animée"),
    slow: _("image moins fluide"),
    sharp: _("peu d’images, mais nettes"),
    stills: _("images fixes"),
    voice: "",
    text: "",
  }[rung];
}

/**
 * What the indicator says, each line whole and, for a narrow screen, `brief`. Never empty.
 * @param {Verdict} verdict
 * @returns {{text: string, brief: string}[]}
 */
export function verdictLines({ level, lines, who }) {
  const place = who ? where(who) : "";
  /** @type {Partial<Record<Verdict["level"], string>>} */
  const words = {
    lost: _("Votre liaison est coupée"),
    connecting: _("Connexion en cours"),
    unknown: _("Qualité inconnue : liaison avec Carbet coupée"),
    alone: _("Vous êtes seul ici pour l’instant"),
    gone: place ? _("Liaison perdue avec {place}", { place }) : _("Liaison perdue avec les autres"),
    coming: place ? _("Connexion de {place} en cours", { place }) : _("Connexion des autres en cours"),
    measuring: place ? _("Liaison établie avec {place}", { place }) : _("Liaison établie avec tous"),
    good: place ? _("Bonne liaison avec {place}", { place }) : _("Bonne liaison avec tous"),
    stopped: _("L’image n’arrive plus ({place})", { place }),
    unsteady: _("Liaison irrégulière avec {place}", { place }),
    unsteady_mine: _("Votre liaison est irrégulière"),
  };
  const text = words[level];
  return text ? [{ text, brief: text }] : lines.map((line) => (line.own ? ownLine(line) : { text: lineOf(line), brief: lineOf(line) }));
}

/** @param {VerdictLine} line */
function ownLine(line) {
  if (line.way === "out") return { text: seenAs(line, true), brief: seenAs(line, false) };
  const what = carried(line);
  const why = ownWhy(line, _("votre liaison descendante est faible"), true);
  return { text: _("Vous recevez : {what}, car {why}.", { what, why }), brief: _("Vous recevez : {what}.", { what }) };
}

/** @param {VerdictLine} line */
function lineOf(line) {
  const { cause } = line;
  const place = where(line.who);
  const what = carried(line);
  if (cause === "choice") return _("{place}, par choix : {what}", { place, what });
  if (cause === "processor") return _("Appareil trop chargé ({place}) : {what}", { place, what });
  if (cause === "ceiling") return _("Plafond de données ({place}) : {what}", { place, what });
  if (cause === "climbing") return _("La qualité remonte avec {place} : {what}", { place, what });
  if (cause === "starting" || cause === "fine") return _("Mesure de la liaison avec {place} : {what}", { place, what });
  if (line.way === "in") return _("Liaison faible depuis {place} : {what}", { place, what });
  if (line.way === "out") return _("Liaison faible vers {place} : {what}", { place, what });
  return _("Liaison faible avec {place} : {what}", { place, what });
}

/**
 * What the other end sees of this person, and why.
 * @param {VerdictLine} line
 * @param {boolean} figures
 */
function seenAs(line, figures) {
  const who = line.all ? "" : where(line.who);
  const why = ownWhy(line, _("votre liaison montante est faible"), figures);
  if (line.rung === "text") return who ? _("{who} ne vous voit ni ne vous entend plus : {why}.", { who, why }) : _("Les autres ne vous voient ni ne vous entendent plus : {why}.", { why });
  if (line.rung === "voice") return who ? _("{who} vous entend, sans image : {why}.", { who, why }) : _("Les autres vous entendent, sans image : {why}.", { why });
  const how = line.every ? _("en images fixes, toutes les {seconds} secondes environ", { seconds: often(line.every) }) : inPictures(line.rung);
  return who ? _("{who} vous voit {how} : {why}.", { who, how, why }) : _("Les autres vous voient {how} : {why}.", { how, why });
}

/** @param {Rung} rung */
function inPictures(rung) {
  return {
    motion: _("en image animée"),
    slow: _("en image moins fluide"),
    sharp: _("en peu d’images, mais nettes"),
    stills: _("en images fixes"),
    voice: "",
    text: "",
  }[rung];
}

/**
 * @param {VerdictLine} line
 * @param {string} weak
 * @param {boolean} figures
 */
function ownWhy({ cause, figure }, weak, figures) {
  if (cause === "choice") return _("c’est le choix fait pour cette image");
  if (cause === "processor") return _("votre appareil est trop chargé");
  if (cause === "ceiling") return _("un plafond de données est fixé");
  if (cause === "climbing") return _("la liaison s’améliore et la qualité remonte par étapes");
  if (cause === "starting" || cause === "fine") return _("la liaison est en cours de mesure");
  return figure === null || !figures ? weak : _("{weak} (environ {rate})", { weak, rate: rate(rounded(figure)) });
}

/** So coarse that the words stand still while the plan moves. @param {number} seconds */
function often(seconds) {
  return [5, 10, 20, 30].find((step) => seconds <= step) ?? 60;
}

/** Two digits are as much as « environ » can promise. @param {number} kbps */
function rounded(kbps) {
  return Number(kbps.toPrecision(kbps < 10 ? 1 : 2));
}

/**
 * The short line on a picture that just changed.
 * @param {Turn} turn
 * @param {SeatRow} seat whose picture it is
 */
export function turnLine({ way, rung, cause, side }, seat) {
  if (way === "climb") return _("L’image s’améliore : {what}.", { what: carried({ rung }) });
  const why = turnWhy(cause, side === "from" ? where(seat) : null);
  if (rung === "stills") return _("Images fixes : {why}", { why });
  if (rung === "voice") return _("Voix seule : {why}", { why });
  if (rung === "text") return _("Ni voix ni image : {why}", { why });
  return _("Image réduite : {why}", { why });
}

/**
 * @param {Cause} cause
 * @param {string | null} place null for this person's own side
 */
function turnWhy(cause, place) {
  if (cause === "choice") return _("c’est le choix fait pour cette image.");
  if (cause === "processor") return place ? _("l’appareil est trop chargé ({place}).", { place }) : _("votre appareil est trop chargé.");
  if (cause === "ceiling") return place ? _("plafond de données ({place}).", { place }) : _("votre plafond de données.");
  return place ? _("la liaison de {place} ne suffit plus.", { place }) : _("votre liaison ne suffit plus.");
}

/**
 * Why a direction is as it is, whole, for whoever asks.
 * @param {Passage} passage
 * @param {string | null} place null for this person's own side
 */
export function reason({ why, rung }, place) {
  const { code, have, need } = why;
  if (code === "rate" || code === "climbing") return rateReason(why, place);
  const words = {
    fine: _("La liaison suffit."),
    loss: _("Une partie de ce qui est envoyé se perd en route."),
    delay: _("Ce qui est envoyé attend trop longtemps en route."),
    choice: _("C’est le choix fait pour cette image."),
    processor: _("L’appareil n’arrive pas à suivre : fermer d’autres programmes peut aider."),
    ceiling: have ? _("Un plafond de données limite cette liaison à {rate}.", { rate: rate(have) }) : _("Un plafond de données limite cette liaison."),
    starting: _("La liaison est en cours de mesure."),
    receiver: _("L’autre côté ne peut pas recevoir davantage."),
  }[code];
  return words ?? code;
}

/**
 * @param {Passage["why"]} why
 * @param {string | null} place
 */
function rateReason({ code, have, need }, place) {
  const figures = { have: have === null ? "" : rate(rounded(have)), need: need === null ? "" : rate(rounded(need)) };
  if (code === "climbing") return _("La liaison s’améliore : la qualité remonte par étapes.");
  if (have === null || need === null) return place ? _("La liaison porte trop peu ({place}).", { place }) : _("Votre liaison porte trop peu.");
  return place ? _("La liaison porte environ {have} ({place}) ; il faudrait {need} pour mieux.", { ...figures, place }) : _("Votre liaison porte environ {have} ; il faudrait {need} pour mieux.", figures);
}

/**
 * A reason in two or three words, for a list.
 * @param {ReasonCode} code
 */
export function reasonShort(code) {
  return {
    fine: _("la liaison suffit"),
    rate: _("débit trop faible"),
    loss: _("pertes en route"),
    delay: _("attente en route"),
    choice: _("choix fait pour l’image"),
    processor: _("appareil trop chargé"),
    ceiling: _("plafond de données"),
    starting: _("mesure en cours"),
    climbing: _("liaison meilleure"),
    receiver: _("autre côté limité"),
  }[code];
}

/** @param {Matter} what */
export function matter(what) {
  return { speech: _("la parole"), motion: _("le mouvement"), detail: _("le détail") }[what];
}

/**
 * @param {"camera" | "exam"} source this person's own picture
 * @param {Matter} what
 */
export function mattersNow(source, what) {
  return source === "camera" ? _("Dans votre image, ce qui compte maintenant : {what}.", { what: matter(what) }) : _("Dans votre deuxième image, ce qui compte maintenant : {what}.", { what: matter(what) });
}

/**
 * What to do next, once this far down: `{title, text}`.
 * @param {"voice" | "text" | "none"} code
 * @param {{name: string, own: boolean}} view `name`: whom to call, empty when they are several; `own`: only what this person sends fails
 */
export function advice(code, { name, own }) {
  const call = name ? _("Appelez {name} au téléphone", { name }) : _("Appelez les autres au téléphone");
  return {
    voice: { title: own ? _("Votre image ne passe plus, votre voix passe.") : _("L’image ne passe plus, la voix passe."), text: _("Continuez de vive voix ; une image fixe ou un message écrit passent encore.") },
    text: { title: own ? _("Votre voix ne passe plus.") : _("La voix ne passe plus."), text: _("{call} ; les messages écrits passent encore ici.", { call }) },
    none: { title: _("Plus rien ne passe."), text: _("Nous rétablissons la liaison. {call} si cela dure.", { call }) },
  }[code];
}

/**
 * Bytes as people count them.
 * @param {number} bytes
 */
export function volume(bytes) {
  if (bytes >= 1e9) return _("{amount} Go", { amount: decimal(bytes / 1e9) });
  if (bytes >= 9.95e6) return _("{amount} Mo", { amount: Math.round(bytes / 1e6) });
  if (bytes >= 1e5) return _("{amount} Mo", { amount: decimal(bytes / 1e6) });
  return _("{amount} ko", { amount: Math.round(bytes / 1000) });
}
