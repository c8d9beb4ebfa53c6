/**
 * The stills of this seat's own cameras, as the page handles them: wanted by somebody, given by the
 * person, or by the worker's plan. Takes and sends nothing itself: see `still_studio.js`.
 */

import { _ } from "../lib/i18n.js";
import { Outdated, stillParts } from "./still_parts.js";

/** @import { Page, Picture, Plan } from "../../../types/call.d.ts" */
/** @import { MadeStill, Sending } from "../../../types/stills.d.ts" */
/** @import { Line } from "./protocol.js" */
/** @import { Album } from "./still_album.js" */
/** @import { Filming, Studio } from "./still_studio.js" */

const OPENING_SECONDS = 5;

/**
 * Why what takes stills is not here.
 * @param {unknown} error
 */
function unfetched(error) {
  if (error instanceof Outdated) return _("Carbet a été mis à jour depuis que cette page est ouverte. Rechargez la page, puis recommencez.");
  return _("L’image n’a pas pu être prise : la liaison est coupée. Recommencez dans un instant.");
}

export class OwnStills {
  /** @type {Studio | null} */
  #studio = null;
  /** @type {Plan | null} */
  #plan = null;
  #session = "";
  /** @type {Sending[]} on their way, or refused */
  sending = [];

  /**
   * @param {Page} page
   * @param {Line} line
   * @param {Filming} filming
   * @param {Album} album
   * @param {() => void} changed
   */
  constructor(page, line, filming, album, changed) {
    this.page = page;
    this.line = line;
    this.filming = filming;
    this.album = album;
    this.changed = changed;
  }

  /** bit/s upward that a pointer or a still may use, or null before anybody said. */
  get spare() {
    return this.#plan?.spare ?? null;
  }

  /** Whether a still that somebody asked for would be lost with this page. */
  get waiting() {
    return this.sending.some(({ why, stage, state }) => why === "asked" && stage === 0 && state !== "failed");
  }

  /**
   * Takes and sends a sharp still.
   * @param {Picture} source
   * @param {string} [id]
   */
  async give(source, id) {
    try {
      (await this.#studioOnce()).take(source, id);
    } catch (error) {
      this.page.notify("warn", unfetched(error));
    }
  }

  /**
   * Somebody asked for one. A page that has just come back is told before its camera is open.
   * @param {Picture} source
   * @param {string} id
   * @param {string} name who asked
   */
  async wanted(source, id, name) {
    for (let waited = 0; waited < OPENING_SECONDS && !this.filming.track(source); waited += 0.2)
      await new Promise((resolve) => setTimeout(resolve, 200));
    this.page.notify("calm", _("{name} demande une image nette : elle est prise maintenant.", { name }));
    this.give(source, id);
  }

  /**
   * @param {string} session
   * @param {Plan} plan
   */
  async follow(session, plan) {
    if (session === this.#session && this.#plan && plan.n <= this.#plan.n) return;
    this.#session = session;
    this.#plan = plan;
    if (plan.stills || this.#studio) (await this.#studioOnce().catch(() => null))?.follow(plan);
  }

  /** @param {string} id */
  again(id) {
    this.#studio?.sender.again(id);
  }

  /** @param {string} id */
  drop(id) {
    this.#studio?.sender.drop(id);
    // Nobody else will ever see it.
    if (!this.album.get(id)?.have) this.album.forget(id);
  }

  go() {
    this.#studio?.sender.go();
  }

  cut() {
    this.#studio?.sender.cut();
  }

  rest() {
    this.#studio?.rest();
  }

  /** What takes and sends. Rejects when it could not be fetched. */
  async #studioOnce() {
    const { Studio } = await stillParts();
    return (this.#studio ??= this.#start(Studio));
  }

  /** @param {typeof import("./still_studio.js").Studio} Make */
  #start(Make) {
    const { line } = this;
    const wire = { say: line.say.bind(line), up: () => line.up };
    const studio = new Make(/** @type {any} */ (wire), this.filming, {
      taken: (still) => this.#onTaken(still),
      failed: async ({ code }) => this.page.notify("warn", (await stillParts()).failure(code)),
      sending: (sending) => {
        this.sending = sending;
        this.changed();
      },
    });
    if (this.#plan) studio.follow(this.#plan);
    return studio;
  }

  /** @param {MadeStill} still */
  #onTaken({ id, source, why, stages }) {
    const { seat } = this.page.state.context;
    this.album.announce({ id, seat, source, why, by: null, have: 0, stages: stages.map(({ blob, ...stage }) => stage) });
    const sharpest = stages.length - 1;
    this.album.show(id, sharpest, stages[sharpest].blob);
  }
}
