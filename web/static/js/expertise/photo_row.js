// One photograph in the page's list: its picture, what is said of it, how far it is, a way out.

import { csrfToken } from "../lib/http.js";
import { _ } from "../lib/i18n.js";

const PREVIEW = 160;

export class PhotoRow {
  /** @param {HTMLElement} element a row the server or `made` drew */
  constructor(element) {
    this.element = element;
  }

  /**
   * A row for a file just chosen.
   * @param {string} label
   * @param {File} file
   */
  static made(label, file) {
    const element = document.createElement("li");
    element.className = "photo";
    const picture = document.createElement("span");
    picture.className = "no-picture";
    const body = document.createElement("div");
    body.className = "stack-tight";
    const head = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = label;
    const name = document.createElement("span");
    name.className = "soft small";
    name.textContent = ` ${file.name}`;
    head.append(strong, name);
    const words = document.createElement("p");
    words.className = "small";
    words.dataset.words = "";
    const progress = document.createElement("progress");
    progress.max = file.size;
    progress.value = 0;
    progress.setAttribute("aria-label", label);
    body.append(head, words, progress);
    const out = document.createElement("button");
    out.type = "button";
    out.className = "button small";
    out.textContent = _("Retirer");
    out.setAttribute("aria-label", `${_("Retirer cette photographie")} ${label}`);
    element.append(picture, body, out);
    const row = new PhotoRow(element);
    void row.#preview(file);
    return row;
  }

  get id() {
    return this.element.dataset.photo ?? "";
  }

  set id(id) {
    this.element.dataset.photo = id;
    this.element.id = `photo-${id}`;
  }

  get removal() {
    return this.element.querySelector("button");
  }

  /** @param {string} state @param {string} text @param {number} [sent] */
  say(state, text, sent) {
    this.element.dataset.state = state;
    const words = /** @type {HTMLElement} */ (this.element.querySelector("[data-words]"));
    if (words.textContent !== text) words.textContent = text;
    const progress = /** @type {HTMLProgressElement} */ (this.element.querySelector("progress"));
    progress.hidden = state === "kept" || state === "refused";
    if (sent !== undefined) progress.value = sent;
  }

  remove() {
    this.element.remove();
  }

  /** What the device itself can show of it, small, without waiting for any link. @param {File} file */
  async #preview(file) {
    try {
      const picture = await createImageBitmap(file, { resizeWidth: PREVIEW, resizeQuality: "medium" });
      const canvas = document.createElement("canvas");
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d")?.drawImage(picture, 0, 0);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.7));
      if (!(blob instanceof Blob)) return;
      const image = document.createElement("img");
      image.alt = "";
      image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
      image.src = URL.createObjectURL(blob);
      this.element.querySelector(".no-picture")?.replaceWith(image);
    } catch {
      // The server will say whether it is a photograph.
    }
  }
}

/**
 * Takes a photograph off the server.
 * @param {string} folder `/cases/ID`
 * @param {string} id
 * @returns {Promise<boolean>}
 */
export async function removed(folder, id) {
  try {
    const answer = await fetch(`${folder}/images/${id}/remove`, {
      method: "POST",
      headers: { "X-CSRF-Token": csrfToken(), Accept: "application/json" },
    });
    return answer.ok || answer.status === 404;
  } catch {
    return false;
  }
}
