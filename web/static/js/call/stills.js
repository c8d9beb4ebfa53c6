/**
 * The stills of a call, as the page knows them: hears the server, asks for them, gives them and has
 * them shown. Light: what takes, sends and draws is fetched apart.
 */

import { _ } from "../lib/i18n.js";
import { h, say } from "./element.js";
import { hear } from "./protocol.js";
import { Album } from "./still_album.js";
import { OwnStills } from "./still_own.js";
import { Outdated, stillParts } from "./still_parts.js";
import { Requests } from "./still_requests.js";
import { phase } from "./state.js";
import * as words from "./words.js";

/** @import { Page, Picture } from "../../../types/call.d.ts" */
/** @import { ShownStill, ToldStill } from "../../../types/stills.d.ts" */
/** @import { Line } from "./protocol.js" */
/** @import { StillScene } from "./still_scene.js" */
/** @import { Filming } from "./still_studio.js" */

const RETRY_SECONDS = 5;
/** bit/s to spare from which what is fetched apart takes nothing from a call. */
const AMPLE = 100_000;

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
  /** @type {StillScene | null} */
  #scene = null;

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
    this.own = new OwnStills(page, line, filming, this.album, () => this.#changed());
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
    if (seat === this.seat) return this.own.give(source);
    this.tellAloud(_("Image demandée à {name}…", { name: this.name(seat) }));
    return this.requests.ask(seat, source);
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

  /** Whether a still was open, and is closed now. */
  close() {
    return this.#scene?.close() ?? false;
  }

  /** The call is over. */
  end() {
    this.requests.end();
    this.close();
    this.own.rest();
  }

  #listen() {
    /** @type {(type: string, heard: (detail: any) => void) => void} */
    const on = (type, heard) => hear(this.line, type, heard);
    on("stills", ({ stills }) => stills.forEach((/** @type {ToldStill} */ still) => this.#onStill(still)));
    on("still", (still) => this.#onStill(still));
    on("still_part", ({ answer, ...part }) => answer?.(this.album.receive(part)));
    on("still_gone", ({ id }) => this.album.forget(id));
    on("still_wanted", ({ id, source, by }) => this.own.wanted(source, id, this.name(by)));
    on("pointer", (place) => this.#scene?.pointed(place));
    on("encode", ({ session, plan }) => this.own.follow(session, plan));
    on("up", () => this.own.go());
    this.line.addEventListener("up", () => this.#prepare(), { once: true });
    on("down", () => this.own.cut());
  }

  /** At the door there is time for what comes apart; on a thin link a call has none: a quarter of a
   *  minute beside the voice, in which whoever asked for a still waits. */
  #prepare() {
    const calm = phase(this.page.state) !== "call" || (this.own.spare ?? 0) >= AMPLE;
    if (calm) stillParts().catch(() => {});
  }

  /** @param {ToldStill} still */
  #onStill(still) {
    const known = this.album.get(still.id);
    if (!this.album.announce(still) || known) return;
    if (still.why !== "rung") this.requests.close(still.seat, still.source);
  }

  #changed() {
    if (this.#scene) this.#scene.show();
    else if (this.album.all.length + this.own.sending.length + this.requests.seats.length > 0) this.#sceneOnce();
  }

  /** What draws, once it is here; null when it could not be fetched. */
  async #sceneOnce() {
    try {
      const { StillScene, styled } = await stillParts();
      await styled();
      return (this.#scene ??= new StillScene(this));
    } catch (error) {
      // What another release took away does not come back; sending one says so.
      if (!(error instanceof Outdated)) setTimeout(() => this.#changed(), RETRY_SECONDS * 1000);
      return null;
    }
  }

  /**
   * A word for who does not see the screen.
   * @param {string} text
   */
  tellAloud(text) {
    say(this.news, text);
  }
}
