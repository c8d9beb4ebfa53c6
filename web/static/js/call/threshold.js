/**
 * The device page: see and hear oneself, answer for consent, then enter.
 * Shows `state` and the devices' snapshot; sends nothing itself, the page's `actions` do.
 */

import { _ } from "../lib/i18n.js";
import { asksConsent } from "./state.js";
import { attribute, button, h, resign, reword, say, sign } from "./element.js";
import { DeviceChoice } from "./settings.js";
import * as words from "./words.js";

/** @import { Actions, Context, DeviceState, Snapshot, State } from "../../../types/call.d.ts" */

export class Threshold {
  #actions;
  #meterBar = h("span", { class: "level-bar" });
  #meter = h("div", { class: "level", role: "meter", "aria-label": _("Niveau du micro"), "aria-valuemin": 0, "aria-valuemax": 100 }, this.#meterBar);
  #heard = h("p", { class: "hint", role: "status" });
  #video = h("video", { autoplay: true, playsinline: true, muted: true, "aria-label": _("Votre image") });
  #empty = h("p", { class: "preview-empty" });
  #spoken = false;
  #name = "";
  mic = button("mic", "", () => this.#actions.toggle("mic"), "small");
  camera = button("camera", "", () => this.#actions.toggle("camera"), "small");
  problems = h("div", { class: "stack-tight", role: "status" });
  join = button("door", _("Entrer"), () => this.#enter(), "primary wide");
  why = h("p", { class: "hint", role: "status" });

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.#actions = actions;
    this.#name = context.name;
    this.#video.muted = true;
    this.choice = new DeviceChoice(actions);
    this.consent = new Consent(context, actions);
    this.root = h("section", { class: "threshold" }, this.#head(context), h("div", { class: "threshold-parts" }, this.#preview(), this.#entry()));
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    this.#showPicture(snapshot);
    this.#showFailures(snapshot);
    this.choice.show(snapshot);
    this.consent.show(state);
    this.#showJoin(state);
  }

  /** @param {MediaStreamTrack | null} track */
  see(track) {
    this.#video.srcObject = track && new MediaStream([track]);
  }

  /** @param {number} level */
  hear(level) {
    this.#meterBar.style.transform = `scaleX(${level})`;
    attribute(this.#meter, "aria-valuenow", Math.round(level * 20) * 5);
    if (level > 0.5) this.#spoken = true;
  }

  /** @param {Context} context */
  #head(context) {
    return h(
      "header",
      { class: "page-head stack-tight" },
      h("p", { class: "soft" }, [context.title, context.place].filter(Boolean).join(" · ")),
      h("h1", { tabindex: "-1" }, _("Avant d’entrer")),
      h("p", {}, _("Vérifiez qu’on vous voit et qu’on vous entend. Personne ne vous voit encore.")),
    );
  }

  #preview() {
    return h(
      "section",
      { class: "card preview-card", "aria-label": _("Caméra et micro") },
      h("div", { class: "preview" }, this.#video, this.#empty),
      h("div", { class: "row preview-controls" }, this.mic, this.camera),
      h("div", { class: "sounding" }, sign("mic"), this.#meter),
      this.#heard,
      this.problems,
      this.choice.root,
    );
  }

  #entry() {
    const own = h("p", {}, _("On vous verra sous le nom : {name}.", { name: this.#name }));
    return h("div", { class: "entry stack" }, this.consent.root, h("section", { class: "card stack" }, h("h2", {}, _("Entrer en consultation")), own, this.join, this.why));
  }

  #enter() {
    if (this.consent.missing) return this.consent.claim();
    this.#actions.knock();
  }

  /** @param {Snapshot} snapshot */
  #showPicture(snapshot) {
    const { camera, mic, asking } = snapshot;
    attribute(this.#video, "hidden", camera !== "on");
    attribute(this.#empty, "hidden", camera === "on");
    say(this.#empty, asking ? _("Votre navigateur demande s’il peut utiliser la caméra et le micro : choisissez « Autoriser ».") : camera === "off" ? _("Caméra éteinte") : _("Pas d’image"));
    toggle(this.mic, mic, "mic", _("Couper le micro"), _("Ouvrir le micro"));
    toggle(this.camera, camera, "camera", _("Éteindre la caméra"), _("Allumer la caméra"));
    say(this.#heard, mic !== "on" ? "" : this.#spoken ? _("On vous entend.") : _("Parlez : la barre doit bouger."));
  }

  /** @param {Snapshot} snapshot */
  #showFailures(snapshot) {
    const texts = words.problems(snapshot, ["mic", "camera"]);
    if (this.problems.dataset.texts === texts.join("|")) return;
    this.problems.dataset.texts = texts.join("|");
    this.problems.replaceChildren(...texts.map((text) => h("div", { class: "notice warn" }, sign("alert"), h("p", {}, text))));
    if (texts.length) this.problems.append(button("turn", _("Réessayer"), () => this.#actions.startDevices(), "small"), h("p", { class: "hint" }, _("Vous pouvez aussi entrer ainsi : les messages écrits restent possibles.")));
  }

  /** @param {State} state */
  #showJoin(state) {
    const refused = state.knock && state.knock !== "asking" ? words.refusal(state.knock) : "";
    const waiting = state.line.up ? "" : _("Connexion à Carbet…");
    say(this.why, refused || waiting || (state.context.member ? "" : _("Vous passerez par la salle d’attente ; on viendra vous chercher.")));
  }
}

/**
 * @param {HTMLButtonElement} node
 * @param {DeviceState} state
 * @param {string} name
 * @param {string} whenOn
 * @param {string} whenOff
 */
function toggle(node, state, name, whenOn, whenOff) {
  resign(node, state === "on" ? name : `${name}_off`);
  reword(node, state === "on" ? whenOn : whenOff);
  attribute(node, "disabled", state === "none" || state === "lost");
}

/** The answer to the act and to the data, in one gesture. Absent for those who are not asked. */
class Consent {
  #actions;
  yes = this.#radio("yes", true);
  no = this.#radio("no", false);
  error = h("p", { class: "field-error", role: "alert" });
  saved = h("p", { class: "hint", role: "status" });
  refusedText = h("p");
  refusal = h("div", { class: "notice warn", role: "status" }, sign("info"), this.refusedText);

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.#actions = actions;
    this.root = h("fieldset", { class: "card consent stack", hidden: true });
    this.missing = false;
    this.#fill(textsFor(context.kind));
  }

  /** @param {State} state */
  show(state) {
    const asked = asksConsent(state);
    attribute(this.root, "hidden", !asked);
    this.missing = asked && state.consent === null;
    this.yes.checked = state.consent === true;
    this.no.checked = state.consent === false;
    attribute(this.refusal, "hidden", state.consent !== false);
    if (!this.missing) say(this.error, "");
    say(this.saved, state.consent === null ? "" : state.room?.me.consent === state.consent ? _("Réponse enregistrée.") : _("Enregistrement de la réponse…"));
  }

  claim() {
    say(this.error, _("Choisissez d’abord une réponse."));
    this.yes.focus();
  }

  /** @param {ReturnType<typeof textsFor>} texts */
  #fill({ title, intro, accept, refuse, refused }) {
    say(this.refusedText, refused);
    this.root.append(
      h("legend", {}, title),
      h("p", {}, intro),
      h("p", {}, _("Sont gardés au dossier : qui a participé et quand, cette réponse, les messages écrits, les notes du médecin et les incidents techniques. Ni le son ni l’image ne sont enregistrés.")),
      rights(),
      h("div", { class: "stack-tight" }, h("label", { class: "choice" }, this.yes, h("span", {}, accept)), h("label", { class: "choice" }, this.no, h("span", {}, refuse))),
      this.error,
      this.refusal,
      this.saved,
    );
  }

  /**
   * @param {string} value
   * @param {boolean} given
   */
  #radio(value, given) {
    return h("input", { type: "radio", name: "consent", value, onchange: () => this.#actions.consent(given) });
  }
}

function rights() {
  return h(
    "details",
    {},
    h("summary", {}, _("Vos droits")),
    h("p", { class: "small" }, _("Ces données servent à la prise en charge du patient. L’établissement de santé en est responsable ; seules les personnes qui soignent le patient les lisent, et elles sont conservées comme le reste du dossier médical.")),
    h("p", { class: "small" }, _("Vous pouvez les consulter, les faire rectifier ou en limiter l’usage auprès du délégué à la protection des données de l’établissement, et saisir la CNIL (règlement général sur la protection des données, articles 13 à 22).")),
  );
}

/** @param {string} kind */
function textsFor(kind) {
  const act = _("Une téléconsultation est une consultation à distance, par le son et l’image (code de la santé publique, articles R. 6316-1 et suivants).");
  if (kind === "site")
    return {
      title: _("L’accord du patient"),
      intro: `${_("Expliquez ceci au patient, puis notez sa réponse.")} ${act} ${_("Il peut l’arrêter à tout moment et demander à être vu sur place.")}`,
      accept: _("Le patient accepte la téléconsultation et que ces données soient gardées"),
      refuse: _("Le patient refuse"),
      refused: _("Ce refus est noté et le médecin en est prévenu. Vous pouvez entrer pour en parler avec lui."),
    };
  return {
    title: _("Votre accord"),
    intro: `${act} ${_("Vous pouvez l’arrêter à tout moment et demander à être reçu sur place.")}`,
    accept: _("J’accepte la téléconsultation et que ces données soient gardées"),
    refuse: _("Je refuse"),
    refused: _("Votre refus est noté et le médecin en est prévenu. Vous pouvez entrer pour en parler avec lui."),
  };
}
