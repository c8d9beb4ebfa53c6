// The photographs of a request: chosen for a view, sent one after the other, told truthfully.

// @ts-ignore -- npm's file, which the server puts there; typed where it is used
import { Upload as Client } from "../../vendor/tus.min.js";
import { csrfToken } from "../lib/http.js";
import { _ } from "../lib/i18n.js";
import { Pace } from "./pace.js";
import { PhotoRow, removed } from "./photo_row.js";
import { bytes, left, refusal } from "./photo_words.js";
import { Upload } from "./upload.js";

/** @typedef {import("./upload.js").Told} Told */
/** @typedef {{ row: PhotoRow, file: File, view: string, label: string, sha256: string, upload: Upload | null, sent: number }} Job */

const TIMERS = {
  set: (/** @type {() => void} */ act, /** @type {number} */ ms) => window.setTimeout(act, ms),
  clear: (/** @type {number} */ timer) => window.clearTimeout(timer),
};

/** @param {Blob} file @returns {Promise<string>} hex */
async function sha256Of(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Photos {
  #section;
  #list;
  #total;
  #endpoint;
  #folder;
  #pace = new Pace();
  /** @type {Job[]} in the order they leave */
  #jobs = [];
  #leaving = Promise.resolve();

  /** @param {HTMLElement} section */
  constructor(section) {
    this.#section = section;
    this.#endpoint = section.dataset.uploads ?? "";
    this.#folder = this.#endpoint.replace(/\/uploads$/, "");
    this.#list = /** @type {HTMLElement} */ (section.querySelector("#photo-list"));
    this.#total = /** @type {HTMLElement} */ (section.querySelector("#photo-total"));
    /** @type {HTMLElement} */ (section.querySelector("#views")).hidden = false;
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (section.querySelectorAll("input[type=file]"))) {
      input.addEventListener("change", () => this.#chosen(input));
    }
    this.#list.addEventListener("submit", (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest("li");
      event.preventDefault();
      if (row) void this.#remove(new PhotoRow(row));
    });
    addEventListener("online", () => this.#jobs[0]?.upload?.hurry());
  }

  /** Whether something chosen is not yet on the server. */
  get busy() {
    return this.#jobs.length > 0;
  }

  /** @param {HTMLInputElement} input */
  #chosen(input) {
    const label = input.parentElement?.querySelector("[data-view-label]")?.textContent ?? "";
    const files = [...(input.files ?? [])];
    input.value = "";
    // One after the other, in the order they were chosen: reading a file takes its time.
    for (const file of files) this.#leaving = this.#leaving.then(() => this.#add(file, input.dataset.view ?? "", label));
  }

  /** @param {File} file @param {string} view @param {string} label */
  async #add(file, view, label) {
    const most = Number(this.#section.dataset.most);
    const sha256 = file.size > most ? "" : await sha256Of(file).catch(() => "");
    const begun = sha256 ? this.#begun(sha256) : null;
    const row = begun ?? PhotoRow.made(label, file);
    if (!begun) this.#list.append(row.element);
    if (!sha256) {
      row.say("refused", file.size > most ? refusal(413) : _("Ce fichier ne peut pas être lu sur cet appareil."));
      row.removal?.addEventListener("click", () => row.remove());
      return;
    }
    if (begun && this.#jobs.some((job) => job.row.id === begun.id)) return;
    if (row.element.dataset.state === "kept") return;
    row.say("waiting", _("Sur cet appareil seulement, attend son tour."));
    /** @type {Job} */
    const job = { row, file, view, label, sha256, upload: null, sent: 0 };
    if (!begun) row.removal?.addEventListener("click", () => void this.#remove(row));
    this.#jobs.push(job);
    if (this.#jobs.length === 1) this.#next();
    else this.#sum();
  }

  /** The row of a file that is there already, whole or not: its upload goes on. @param {string} sha256 */
  #begun(sha256) {
    const found = [...this.#list.children].find((each) => {
      const { sha256: known, state } = /** @type {HTMLElement} */ (each).dataset;
      return known === sha256 && state !== "refused";
    });
    return found ? new PhotoRow(/** @type {HTMLElement} */ (found)) : null;
  }

  #next() {
    this.#pace.forget();
    const job = this.#jobs[0];
    this.#sum();
    if (!job) return;
    const { file, view, row, sha256 } = job;
    const metadata = { view, filename: file.name, sha256 };
    const url = row.id ? `${this.#endpoint}/${row.id}` : null;
    const what = { file, endpoint: this.#endpoint, url, token: csrfToken(), metadata };
    job.upload = new Upload(what, (told) => this.#told(job, told), Client, TIMERS);
    job.upload.start();
  }

  /** @param {Job} job @param {Told} told */
  #told(job, told) {
    const { row, file } = job;
    const id = job.upload?.url?.split("/").at(-1);
    if (id && !row.id) {
      row.id = id;
      row.element.dataset.sha256 = job.sha256;
    }
    job.sent = told.sent;
    const of = { sent: bytes(told.sent), whole: bytes(file.size) };
    if (told.state === "sending") {
      this.#pace.tell(performance.now() / 1000, told.sent);
      const rest = left(this.#pace.secondsFor(file.size - told.sent));
      const words = told.sent >= file.size ? _("Envoyée, le serveur la vérifie…") : _("Envoi : {sent} sur {whole}", of) + (rest && `, ${rest}`);
      row.say("sending", words, told.sent);
      this.#sum();
      return;
    }
    if (told.state === "waiting") {
      this.#pace.forget();
      row.say("waiting", _("Liaison coupée : {sent} sur {whole} sont sur le serveur. L’envoi reprendra là, de lui-même.", of), told.sent);
      this.#sum();
      return;
    }
    this.#ended(job, told);
  }

  /** @param {Job} job @param {Told} told */
  #ended(job, told) {
    const { row } = job;
    this.#jobs = this.#jobs.filter((each) => each !== job);
    if (told.state === "kept") row.say("kept", _("Sur le serveur, vérifiée."));
    else row.say("refused", refusal(told.status ?? 0));
    this.#next();
  }

  /** All that is still to leave, for whoever waits with the patient. */
  #sum() {
    const rest = this.#jobs.reduce((sum, job) => sum + job.file.size - job.sent, 0);
    const seconds = left(this.#pace.secondsFor(rest));
    this.#total.hidden = this.#jobs.length < 2;
    const words = _("{count} photographies en route : {rest} restent à envoyer", { count: this.#jobs.length, rest: bytes(rest) });
    this.#total.textContent = words + (seconds && `, ${seconds}`) + ".";
  }

  /** @param {PhotoRow} row */
  async #remove(row) {
    const job = this.#jobs.find((each) => each.row.element === row.element);
    if (job) {
      job.upload?.stop();
      this.#jobs = this.#jobs.filter((each) => each !== job);
    }
    const gone = !row.id || (await removed(this.#folder, row.id));
    if (gone) row.remove();
    else row.say("refused", _("La photographie n’a pas pu être retirée du serveur. Réessayez."));
    if (job) this.#next();
  }
}
