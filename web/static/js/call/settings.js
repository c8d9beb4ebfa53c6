/**
 * Which camera, which microphone, and the second picture: the choices of this device.
 * Shows the devices' snapshot; opens nothing itself.
 */

import { _ } from "../lib/i18n.js";
import { attribute, button, h, reword, say } from "./element.js";
import { facing } from "./hardware.js";
import * as words from "./words.js";

/** @import { Actions, Context, Snapshot, State } from "../../../types/call.d.ts" */

let made = 0;

/** Two lists: camera and microphone. */
export class DeviceChoice {
  /** @param {Actions} actions */
  constructor(actions) {
    this.camera = new Choice(_("Caméra"), (id) => actions.use("camera", id));
    this.mic = new Choice(_("Micro"), (id) => actions.use("mic", id));
    this.root = h("div", { class: "grid device-choice" }, this.camera.root, this.mic.root);
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this.camera.show(snapshot.cameras, snapshot.cameraId, cameraName);
    this.mic.show(snapshot.microphones, snapshot.micId, micName);
  }
}

class Choice {
  key = "";

  /**
   * @param {string} label
   * @param {(id: string) => unknown} chosen
   */
  constructor(label, chosen) {
    const id = `choice-${(made += 1)}`;
    /** @type {HTMLSelectElement} */
    this.select = h("select", { id, onchange: () => chosen(this.select.value) });
    this.root = h("div", { class: "field" }, h("label", { for: id }, label), this.select);
  }

  /**
   * @param {MediaDeviceInfo[]} devices
   * @param {string | undefined} current
   * @param {(device: MediaDeviceInfo, index: number) => string} nameOf
   */
  show(devices, current, nameOf) {
    const named = devices.filter((device) => device.deviceId);
    attribute(this.root, "hidden", named.length === 0);
    const key = JSON.stringify(named.map((device) => [device.deviceId, device.label]));
    if (this.key !== key) {
      this.key = key;
      this.select.replaceChildren(...named.map((device, index) => h("option", { value: device.deviceId }, nameOf(device, index))));
    }
    if (current) this.select.value = current;
  }
}

/**
 * @param {MediaDeviceInfo} device
 * @param {number} index
 */
function cameraName(device, index) {
  /** @type {Record<string, string>} */
  const sides = { front: _("Caméra avant"), rear: _("Caméra arrière") };
  const side = sides[facing(device.label)];
  if (side && /facing|avant|arri/i.test(device.label)) return `${side} (${index + 1})`;
  return device.label || _("Caméra {number}", { number: index + 1 });
}

/**
 * @param {MediaDeviceInfo} device
 * @param {number} index
 */
function micName(device, index) {
  return device.label || _("Micro {number}", { number: index + 1 });
}

/** The panel of settings during the call. */
export class Settings {
  key = "";

  /**
   * @param {Context} context
   * @param {Actions} actions
   */
  constructor(context, actions) {
    this.actions = actions;
    this.choice = new DeviceChoice(actions);
    this.flip = button("turn", _("Changer de caméra"), () => actions.flip(), "small");
    this.exams = h("div", { class: "row" });
    this.stop = button("cross", _("Arrêter la deuxième image"), () => actions.toggle("exam"), "small danger");
    this.screen = button("screen", _("Partager l’écran"), () => actions.shareScreen(), "small");
    this.problem = h("p", { class: "hint", role: "status" });
    this.lock = button("lock", "", () => actions.lock(), "small");
    this.root = h("div", { class: "panel-body stack", role: "tabpanel", id: "panel-settings" }, ...this.#parts(context));
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    this.choice.show(snapshot);
    attribute(this.flip, "hidden", snapshot.cameras.length < 2);
    this.#showExam(snapshot);
    const locked = Boolean(state.room?.locked);
    reword(this.lock, locked ? _("Rouvrir la salle") : _("Fermer la salle à clé"));
  }

  /** @param {Context} context */
  #parts(context) {
    const host = context.host && h("section", { class: "stack-tight" }, h("h2", {}, _("La salle")), h("p", { class: "hint" }, _("Fermée à clé, plus personne n’entre sans vous : les membres de l’équipe attendent aussi à la porte, et vous pouvez les faire entrer.")), this.lock);
    return [
      h("section", { class: "stack-tight" }, h("h2", {}, _("Deuxième image")), h("p", { class: "hint" }, _("Une caméra d’examen ou l’écran, à côté de votre visage.")), this.exams, h("div", { class: "row" }, this.screen, this.stop), this.problem),
      h("section", { class: "stack-tight" }, h("h2", {}, _("Caméra et micro")), this.flip, this.choice.root),
      ...(host ? [host] : []),
      button("keyboard", _("Raccourcis clavier"), () => this.actions.shortcuts(), "small link"),
    ];
  }

  /** @param {Snapshot} snapshot */
  #showExam(snapshot) {
    const free = snapshot.cameras.filter((device) => device.deviceId && device.deviceId !== snapshot.cameraId);
    const key = JSON.stringify([free.map((device) => device.deviceId), snapshot.examId]);
    if (this.key !== key) {
      this.key = key;
      this.exams.replaceChildren(...free.map((device, index) => this.#examButton(device, index, snapshot.examId)));
    }
    attribute(this.screen, "hidden", !snapshot.canShareScreen);
    attribute(this.stop, "hidden", snapshot.exam === "off" || snapshot.exam === "none");
    say(this.problem, words.problems(snapshot, ["exam"])[0] ?? (free.length ? "" : _("Aucune autre caméra n’est branchée.")));
  }

  /**
   * @param {MediaDeviceInfo} device
   * @param {number} index
   * @param {string | undefined} current
   */
  #examButton(device, index, current) {
    const node = button("exam", cameraName(device, index), () => this.actions.use("exam", device.deviceId), "small");
    attribute(node, "aria-pressed", String(device.deviceId === current));
    return node;
  }
}
