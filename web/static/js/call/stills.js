/**
 * The stills of a call, as the page knows them: hears the server, asks for stills and gives them,
 * and shows them. Light: what takes, sends and draws is fetched when it is first needed.
 */

import { _ } from "../lib/i18n.js";
import { h, say } from "./element.js";
import { hear } from "./protocol.js";
import { Album } from "./still_album.js";
import { Requests } from "./still_requests.js";
import { phase } from "./state.js";
import * as words from "./words.js";

/** @import { Page, Picture, Plan } from "../../../types/call.d.ts" */
/** @import { MadeStill, Sending, ShownStill, ToldStill } from "../../../types/stills.d.ts" */
/** @import { Line } from "./protocol.js" */
/** @import { StillScene } from "./still_scene.js" */
/** @import { Filming, Studio } from "./still_studio.js" */

const RETRY_SECONDS = 5;
const OPENING_SECONDS = 5;
/** After the line came up: the page is at rest, if nobody knocked. */
const REST_SECONDS = 1.5;
/** bit/s to spare from which what is fetched apart takes nothing from a call. */
const AMPLE = 100_000;

const APART = new URL("../call/still_apart.js", import.meta.url);
/** Firefox never asks again for an address that failed once. */
let failures = 0;

/**
 * What is fetched apart; rejects when it could not be, and may be asked again.
 * @returns {Promise<typeof import("./still_apart.js").parts>}
 */
async function parts() {
  try {
    return (await (failures ? import(`${APART}?${failures}`) : import("./still_apart.js"))).parts;
  } catch (error) {
    failures += 1;
    throw error;
  }
}

/** @param {ShownStill} still */
function hourOf({ at }) {
  return words.hour(new Date(at).toISOString());
}

/**
 * Why the server did not take a still or an asking.
 * @param {string} code
 */
function refusal(code) {
  /** @type {Record<string, string>} */
  const texts = {
    full: _("Il y a déjà trop d’images dans cette consultation."),
    invalid: _("Carbet n’a pas accepté cette image."),
  };
  return texts[code] ?? words.refusal(code);
}

export class Stills {
  /** @type {Studio | null} */
  #studio = null;
  /** @type {StillScene | null} */
  #scene = null;
  /** @type {Plan | null} */
  #plan = null;
  #session = "";
  /** @type {Sending[]} */
  sending = [];

  /**
   * @param {Page} page
   * @param {Line} line
   * @param {Filming} filming
   */
  constructor(page, line, filming) {
    this.page = page;
    this.line = line;
    this.filming = filming;
    this.album = new Album(() => this.#changed());
    this.news = h("p", { class: "visually-hidden", role: "status" });
    this.root = h("div", { class: "stills" }, this.news);
    this.speech = { name: this.name.bind(this), hour: hourOf, refusal };
    this.requests = new Requests((payload) => /** @type {Promise<any>} */ (line.say("still_ask", payload)), {
      changed: () => this.#changed(),
      refused: (code) => page.notify("warn", refusal(code)),
      unanswered: (seat) => page.notify("warn", _("{name} : aucune image reçue. Sa caméra ne répond peut-être pas ; demandez de nouveau.", { name: this.name(seat) })),
    });
    this.#listen();
  }

  /** bit/s upward that a pointer or a still may use, or null before anybody said. */
  get spare() {
    return this.#plan?.spare ?? null;
  }

  /** Our own. */
  get seat() {
    return this.page.state.context.seat;
  }

  /** @param {string} seat */
  name(seat) {
    if (seat === this.seat) return _("Vous");
    return this.page.state.room?.seats.find((one) => one.seat === seat)?.name ?? _("Une personne");
  }

  /**
   * The newest still of a camera, for a tile without moving picture.
   * @param {string} seat
   * @param {Picture} source
   */
  latest(seat, source) {
    const still = this.album.latest(seat, source);
    return still?.url ? { url: still.url, at: new Date(still.at).toISOString() } : null;
  }

  /**
   * A sharp still of this seat's camera, our own or somebody's.
   * @param {string} seat
   * @param {Picture} source
   */
  take(seat, source) {
    return seat === this.seat ? this.give(source) : this.requests.ask(seat, source);
  }

  /**
   * Takes and sends a sharp still of one's own.
   * @param {Picture} source
   * @param {string} [id]
   */
  async give(source, id) {
    try {
      (await this.#studioOnce()).take(source, id);
    } catch {
      this.page.notify("warn", _("L’image n’a pas pu être prise : la liaison est coupée. Recommencez dans un instant."));
    }
  }

  /** @param {string} id */
  async open(id) {
    (await this.#sceneOnce())?.open(id, true);
  }

  /**
   * Whether the server has more of a still than came here by itself: members may fetch it.
   * @param {ShownStill} still
   */
  fetchable({ have, shown, live, seat }) {
    return this.page.state.context.member && !live && seat !== this.seat && have > shown + 1;
  }

  /**
   * Whether this person may have another still of the same camera, which films.
   * @param {ShownStill} still
   */
  takeable({ seat, source }) {
    if (seat === this.seat) return Boolean(this.filming.track(source));
    const { context, room } = this.page.state;
    return context.member && room?.seats.find((one) => one.seat === seat)?.[source] === "on";
  }

  /**
   * Fetches what did not come by itself: the first stage, or the sharpest.
   * @param {string} id
   * @param {boolean} [sharpest]
   */
  async load(id, sharpest = false) {
    const still = this.album.get(id);
    if (!still || !this.fetchable(still) || !(sharpest || still.shown < 0)) return;
    const stage = sharpest ? still.have - 1 : 0;
    const answer = await fetch(`/consultations/${this.page.state.context.consultation}/stills/${id}/${stage}`).catch(() => null);
    const shown = answer?.ok && (await this.album.show(id, stage, await answer.blob()));
    if (!shown) this.page.notify("warn", _("L’image n’a pas pu être chargée. Recommencez dans un instant."));
  }

  /** @param {string} id */
  again(id) {
    this.#studio?.sender.again(id);
  }

  /** @param {string} id */
  drop(id) {
    this.#studio?.sender.drop(id);
  }

  /** Whether a still was open, and is closed now. */
  close() {
    return this.#scene?.close() ?? false;
  }

  /** The call is over. */
  end() {
    this.requests.end();
    this.close();
    this.#studio?.rest();
  }

  #listen() {
    /** @type {(type: string, heard: (detail: any) => void) => void} */
    const on = (type, heard) => hear(this.line, type, heard);
    on("stills", ({ stills }) => stills.forEach((/** @type {ToldStill} */ still) => this.#onStill(still)));
    on("still", (still) => this.#onStill(still));
    on("still_part", ({ answer, ...part }) => answer?.(this.album.receive(part)));
    on("still_gone", ({ id }) => this.album.forget(id));
    on("still_wanted", (wanted) => this.#onWanted(wanted));
    on("pointer", (place) => this.#scene?.pointed(place));
    on("encode", ({ session, plan }) => this.#onPlan(session, plan));
    on("up", () => this.#studio?.sender.go());
    this.line.addEventListener("up", () => setTimeout(() => this.#prepare(), REST_SECONDS * 1000), { once: true });
    on("down", () => this.#studio?.sender.cut());
  }

  /** At the door there is time for what comes apart; on a thin link a call has none. */
  #prepare() {
    const calm = phase(this.page.state) !== "call" || (this.spare ?? 0) >= AMPLE;
    if (calm) parts().catch(() => {});
  }

  /** @param {ToldStill} still */
  #onStill(still) {
    const known = this.album.get(still.id);
    if (!this.album.announce(still) || known) return;
    if (still.why !== "rung") this.requests.close(still.seat, still.source);
  }

  /** @param {{id: string, source: Picture, by: string}} wanted */
  async #onWanted({ id, source, by }) {
    await this.#filming(source);
    this.page.notify("calm", _("{name} demande une image nette : elle est prise maintenant.", { name: this.name(by) }));
    this.give(source, id);
  }

  /**
   * A page that has just come back is told before its camera is open.
   * @param {Picture} source
   */
  async #filming(source) {
    for (let waited = 0; waited < OPENING_SECONDS && !this.filming.track(source); waited += 0.2)
      await new Promise((resolve) => setTimeout(resolve, 200));
  }

  /**
   * @param {string} session
   * @param {Plan} plan
   */
  async #onPlan(session, plan) {
    if (session === this.#session && this.#plan && plan.n <= this.#plan.n) return;
    this.#session = session;
    this.#plan = plan;
    if (plan.stills || this.#studio) (await this.#studioOnce().catch(() => null))?.follow(plan);
  }

  #changed() {
    if (this.#scene) this.#scene.show();
    else if (this.album.all.length + this.sending.length + this.requests.seats.length > 0) this.#sceneOnce();
  }

  /** What draws, once it is here; null when it could not be fetched. */
  async #sceneOnce() {
    try {
      const { StillScene } = await parts();
      return (this.#scene ??= new StillScene(this));
    } catch {
      setTimeout(() => this.#changed(), RETRY_SECONDS * 1000);
      return null;
    }
  }

  /** What takes and sends. Rejects when it could not be fetched. */
  async #studioOnce() {
    const { Studio } = await parts();
    return (this.#studio ??= this.#start(Studio));
  }

  /** @param {typeof import("./still_studio.js").Studio} Make */
  #start(Make) {
    const { line } = this;
    const wire = { say: line.say.bind(line), up: () => line.up };
    const studio = new Make(/** @type {any} */ (wire), this.filming, {
      taken: (still) => this.#onTaken(still),
      failed: async ({ code }) => this.page.notify("warn", (await parts()).failure(code)),
      sending: (sending) => this.#onSending(sending),
    });
    if (this.#plan) studio.follow(this.#plan);
    return studio;
  }

  /** @param {MadeStill} still */
  #onTaken({ id, source, why, stages }) {
    this.album.announce({ id, seat: this.seat, source, why, by: null, have: 0, stages: stages.map(({ blob, ...stage }) => stage) });
    const sharpest = stages.length - 1;
    this.album.show(id, sharpest, stages[sharpest].blob);
  }

  /** @param {Sending[]} sending */
  #onSending(sending) {
    this.sending = sending;
    this.#changed();
  }

  /**
   * A word for who does not see the screen.
   * @param {string} text
   */
  tellAloud(text) {
    say(this.news, text);
  }
}
