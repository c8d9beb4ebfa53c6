/**
 * The words of the call page for the codes of `state.js`, `hardware.js` and the server.
 * Decides nothing. A code without words is shown as it is, never hidden.
 */

import { _ } from "../lib/i18n.js";

/** @import { Phase, Snapshot, Source, Tone } from "../../../types/call.d.ts" */

/** Whose clocks are read: this person's own and the other place's. */
let zones = { own: "UTC", other: "UTC", place: "" };

/**
 * A member chose a zone for every page; a guest has only the clock of the device.
 * @param {{member: boolean, my_tz: string, other_tz: string, other_place: string}} context
 */
export function setClocks({ member, my_tz, other_tz, other_place }) {
  const own = member ? my_tz : Intl.DateTimeFormat().resolvedOptions().timeZone || my_tz;
  zones = { own, other: other_tz, place: other_place };
}

/**
 * The hour on this person's clock.
 * @param {string} at ISO 8601
 */
export function hour(at) {
  return hourIn(zones.own, at);
}

/**
 * The hour with its seconds, for what is young.
 * @param {string} at ISO 8601
 */
export function second(at) {
  return hourIn(zones.own, at, "2-digit");
}

/**
 * The hour at the other place, for whoever hovers; empty when it is the same.
 * @param {string} at ISO 8601
 */
export function hourThere(at) {
  const there = hourIn(zones.other, at);
  return there === hour(at) ? "" : _("{place} : {at}", { place: zones.place, at: there });
}

/**
 * @param {string} timeZone
 * @param {string} at
 * @param {"2-digit"} [second]
 */
function hourIn(timeZone, at, second) {
  return new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second, timeZone });
}

/** @param {string} code */
export function kind(code) {
  /** @type {Record<string, string>} */
  const words = {
    clinician: _("Médecin ou soignant consultant"),
    second_clinician: _("Second médecin"),
    site: _("Équipe du site"),
    family: _("Proche"),
    interpreter: _("Interprète"),
    escort: _("Accompagnant"),
    patient: _("Patient"),
  };
  return words[code] ?? code;
}

/**
 * How well one is connected, in one word for a small picture.
 * @param {string} code
 */
export function link(code) {
  /** @type {Record<string, string>} */
  const words = { good: _("Bonne"), weak: _("Faible"), connecting: _("Connexion…"), lost: _("Perdue") };
  return words[code] ?? code;
}

/** @param {string} code */
export function connection(code) {
  /** @type {Record<string, string>} */
  const words = {
    good: _("Bonne liaison"),
    weak: _("Liaison faible"),
    connecting: _("Connexion…"),
    lost: _("Liaison perdue"),
  };
  return words[code] ?? code;
}

/**
 * `[tone, text]` of the banner; the text says what happens and what will happen next.
 * @param {string} code
 */
export function banner(code) {
  /** @type {Record<string, [Tone, string]>} */
  const words = {
    line_opening: ["calm", _("Connexion à Carbet…")],
    line_lost: ["warn", _("La liaison avec Carbet est coupée. Le son et l’image continuent ; nous vous reconnectons.")],
    all_lost: ["bad", _("Connexion perdue. Nous vous reconnectons, restez sur cette page. Votre place est gardée dix minutes.")],
    media_lost: ["bad", _("Le son et l’image sont coupés. Nous les rétablissons, restez sur cette page.")],
    media_opening: ["calm", _("Le son et l’image arrivent…")],
    mic_lost: ["warn", _("Votre micro n’est plus là. Rebranchez-le : le son reprendra tout seul.")],
    camera_lost: ["warn", _("Votre caméra n’est plus là. Rebranchez-la : l’image reprendra toute seule.")],
    audio_blocked: ["warn", _("Votre navigateur retient le son.")],
    locked: ["calm", _("Salle fermée à clé : les nouveaux arrivants n’entrent pas.")],
    back: ["calm", _("Vous êtes de nouveau en ligne.")],
  };
  return words[code];
}

/**
 * Why the camera or the microphone (`source`) is not there, and what to do.
 * @param {Source | "both"} source
 * @param {string} code
 */
export function failure(source, code) {
  /** @type {Record<string, string>} */
  const mic = {
    denied: _("Le micro est refusé par le navigateur. Touchez le cadenas près de l’adresse, autorisez le micro, puis « Réessayer »."),
    none: _("Aucun micro trouvé. Branchez-en un : il sera pris tout seul."),
    in_use: _("Le micro est pris par un autre logiciel. Fermez-le, puis « Réessayer »."),
    other: _("Le micro ne répond pas. Débranchez-le, rebranchez-le, puis « Réessayer »."),
  };
  /** @type {Record<string, string>} */
  const camera = {
    denied: _("La caméra est refusée par le navigateur. Touchez le cadenas près de l’adresse, autorisez la caméra, puis « Réessayer »."),
    none: _("Aucune caméra trouvée. Branchez-en une : elle sera prise toute seule."),
    in_use: _("La caméra est prise par un autre logiciel. Fermez-le, puis « Réessayer »."),
    other: _("La caméra ne répond pas. Débranchez-la, rebranchez-la, puis « Réessayer »."),
  };
  /** @type {Record<string, string>} */
  const exam = {
    denied: _("La caméra d’examen est refusée par le navigateur. Touchez le cadenas près de l’adresse pour l’autoriser."),
    none: _("La caméra d’examen n’est pas trouvée. Vérifiez son câble."),
    in_use: _("La caméra d’examen est prise par un autre logiciel. Fermez-le, puis recommencez."),
    other: _("La caméra d’examen ne répond pas. Débranchez-la, rebranchez-la, puis recommencez."),
  };
  /** @type {Record<string, string>} */
  const both = {
    denied: _("La caméra et le micro sont refusés par le navigateur. Touchez le cadenas près de l’adresse, autorisez-les, puis « Réessayer »."),
    none: _("Ni caméra ni micro trouvés. Branchez-les : ils seront pris tout seuls."),
    in_use: _("La caméra et le micro sont pris par un autre logiciel. Fermez-le, puis « Réessayer »."),
    other: _("Ni la caméra ni le micro ne répondent. Débranchez-les, rebranchez-les, puis « Réessayer »."),
  };
  if (code === "insecure")
    return _("Le navigateur ne donne ni caméra ni micro à une adresse sans « https ». Vérifiez l’adresse avec la personne qui vous l’a donnée.");
  return { mic, camera, exam, both }[source][code];
}

/** @param {Source} source */
export function lost(source) {
  return {
    mic: _("Le micro a été débranché. Rebranchez-le : il reprendra tout seul."),
    camera: _("La caméra a été débranchée. Rebranchez-la : elle reprendra toute seule."),
    exam: _("La caméra d’examen a été débranchée. Rebranchez-la : l’image reprendra toute seule."),
  }[source];
}

/**
 * What is wrong with these sources, in plain words, without saying the same twice.
 * @param {Snapshot} snapshot
 * @param {Source[]} sources
 * @returns {string[]}
 */
export function problems(snapshot, sources) {
  const { mic, camera } = snapshot.failures;
  if (sources.includes("mic") && mic && mic === camera) return [failure("both", mic)];
  const texts = sources.flatMap((source) => {
    if (snapshot[source] === "lost") return [lost(source)];
    const why = snapshot.failures[source];
    return why ? [failure(source, why)] : [];
  });
  return [...new Set(texts)];
}

/**
 * Why a command was not done.
 * @param {string} code
 */
export function refusal(code) {
  /** @type {Record<string, string>} */
  const words = {
    away: _("Pas de liaison pour l’instant : recommencez dans un instant."),
    invalid: _("Carbet n’a pas compris cette demande."),
    not_allowed: _("Vous n’avez pas le droit de faire cela."),
    locked: _("La salle est fermée à clé."),
    full: _("La salle est pleine."),
    ended: _("La consultation est terminée."),
    slow_down: _("Trop de demandes d’un coup : attendez quelques secondes."),
    no_room: _("Le disque de Carbet est presque plein : rien n’a été enregistré. Prévenez l’assistance."),
    unavailable: _("Carbet ne peut pas l’enregistrer pour l’instant : recommencez dans un instant."),
  };
  return words[code] ?? code;
}

/**
 * What the door says: `{title, text}`.
 * @param {{knock: string | null, member: boolean, status: string | undefined, lineUp: boolean}} view
 */
export function door({ knock, member, status, lineUp }) {
  if (!lineUp)
    return { title: _("Connexion perdue"), text: _("Nous vous reconnectons, restez sur cette page. Votre tour n’est pas perdu.") };
  if (knock === "locked")
    return { title: _("La salle est fermée à clé"), text: _("Le médecin a fermé la salle un moment. Restez ici et frappez de nouveau dans quelques minutes.") };
  if (knock === "full")
    return { title: _("La salle est pleine"), text: _("Une place doit se libérer. Restez ici et frappez de nouveau dans quelques minutes.") };
  if (member && knock === "asking") return { title: _("Vous entrez…"), text: "" };
  if (status === "planned")
    return { title: _("Vous êtes dans la salle d’attente"), text: _("La consultation n’a pas encore commencé. Le médecin vous fera entrer : vous n’avez rien à faire.") };
  return { title: _("Vous êtes dans la salle d’attente"), text: _("Vous êtes annoncé. Quelqu’un va vous faire entrer : vous n’avez rien à faire.") };
}

/**
 * The page shown when the journey is over: `{title, text, again}`; `again` is what one may do.
 * @param {string} why
 */
export function ending(why) {
  /** @type {Record<string, [string, string, string | null]>} */
  const words = {
    left: [_("Vous avez quitté la consultation"), _("Votre caméra et votre micro sont éteints. Vous pouvez revenir tant qu’elle dure."), "return"],
    ended: [_("La consultation est terminée"), _("Votre caméra et votre micro sont éteints. Vous pouvez fermer cette page."), null],
    cancelled: [_("Cette consultation est annulée"), _("Rapprochez-vous du service qui vous l’avait proposée."), null],
    missed: [_("L’heure de cette consultation est passée"), _("Personne n’y était présent. Rapprochez-vous du service pour en convenir d’une autre."), null],
    refused: [_("On ne vous a pas fait entrer"), _("La personne qui tient la salle n’a pas ouvert. Si vous pensez à une erreur, frappez de nouveau ou téléphonez au service."), "knock"],
    removed: [_("Vous avez été retiré de la consultation"), _("Pour revenir, demandez un nouveau lien à la personne qui vous avait invité."), null],
    superseded: [_("La consultation continue dans un autre onglet"), _("Elle a été ouverte ailleurs avec votre accès. Cet onglet est éteint ; reprenez ici si vous le préférez."), "reload"],
    revoked: [_("Votre accès a pris fin"), _("La session ou le lien a été retiré. Demandez un nouveau lien, ou identifiez-vous si vous avez un compte."), "login"],
    unknown: [_("Rien ne s’ouvre à cette adresse"), _("La consultation n’existe pas, ou votre accès a pris fin. Demandez un nouveau lien, ou identifiez-vous si vous avez un compte."), "login"],
  };
  const [title, text, again] = words[why] ?? [why, "", null];
  return { title, text, again };
}

/**
 * The page's title: where one is, who waits at the door, and a cut before all else.
 * @param {Phase} phase
 * @param {{waiting: number, why: string, cut: boolean}} view
 */
export function title(phase, { waiting, why, cut }) {
  const text = {
    device: _("Avant d’entrer"),
    door: _("Salle d’attente"),
    call: waiting ? _("({count}) à la porte", { count: waiting }) : _("En consultation"),
    over: ending(why).title,
  }[phase];
  return `${cut && phase !== "over" ? _("Connexion perdue") : text} · Carbet`;
}
