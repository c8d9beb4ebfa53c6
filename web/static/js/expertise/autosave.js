// Keeps a form's text on the server while it is written, and says truthfully where it is. Two windows
// never write over one another: the server refuses the second, and the text stays in the page.

import { post } from "../lib/http.js";
import { _ } from "../lib/i18n.js";

const QUIET_MS = 2500;
const AGAIN_MS = 8000;

export class Autosave {
  #form;
  #status;
  #send;
  /** @type {number | undefined} */
  #timer;
  #dirty = false;
  #stopped = false;
  /** @type {Promise<void> | null} */
  #saving = null;

  /**
   * @param {HTMLFormElement} form whose `data-autosave` is where it is sent
   * @param {HTMLElement | null} status
   * @param {typeof post} [send]
   */
  constructor(form, status, send = post) {
    this.#form = form;
    this.#status = status;
    this.#send = send;
    form.addEventListener("input", () => this.#changed());
    form.addEventListener("submit", (event) => this.#leaving(event));
  }

  /** Whether something typed is only in this page. */
  get dirty() {
    return this.#dirty;
  }

  #changed() {
    this.#dirty = true;
    if (this.#stopped) return;
    this.#say(_("Pas encore enregistré."));
    this.#later(QUIET_MS);
  }

  /** @param {number} ms */
  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.save(), ms);
  }

  /** Sends what is typed now; waits for one that is under way. */
  async save() {
    clearTimeout(this.#timer);
    await this.#saving;
    if (!this.#dirty || this.#stopped) return;
    this.#dirty = false;
    this.#say(_("Enregistrement…"));
    this.#saving = this.#post();
    await this.#saving;
    this.#saving = null;
  }

  async #post() {
    const fields = Object.fromEntries([...new FormData(this.#form)].map(([name, value]) => [name, String(value)]));
    delete fields.proof;
    const answer = await this.#send(this.#form.dataset.autosave ?? "", fields);
    if (answer.ok) {
      this.#stored(Number(answer.body.version));
      return;
    }
    this.#dirty = true;
    if (answer.status === 0 || answer.status >= 500) {
      this.#say(_("Liaison coupée : ce texte n’est que sur cette page. Il sera enregistré dès qu’elle revient."));
      this.#later(AGAIN_MS);
      return;
    }
    // Saving again by itself would answer the same.
    this.#stopped = answer.status !== 422;
    const lost = _("Ce texte n’est pas enregistré. Ne fermez pas cette page : reconnectez-vous dans une autre fenêtre, puis enregistrez.");
    this.#say(String(answer.body.error ?? lost));
  }

  /** @param {number} version */
  #stored(version) {
    const name = this.#form.dataset.counts ?? "version";
    for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(`input[name=${name}]`))) {
      field.value = String(version);
    }
    if (this.#dirty) return;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    this.#say(_("Enregistré sur le serveur à {time}.", { time }));
  }

  /** @param {string} text */
  #say(text) {
    if (this.#status) this.#status.textContent = text;
  }

  /** A button pressed while a save is under way waits for its version. @param {SubmitEvent} event */
  #leaving(event) {
    clearTimeout(this.#timer);
    if (!this.#saving) {
      this.#dirty = false;
      return;
    }
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    void this.#saving.then(() => {
      this.#saving = null;
      this.#form.requestSubmit(button);
    });
  }
}
