/**
 * Stills on the screen: the row of small ones, the large one, and who points where.
 *
 * A still somebody asked for comes forward by itself where it is not in the way; an automatic one
 * never does. What was closed stays closed.
 */

import { _ } from "../lib/i18n.js";
import { FADE_SECONDS, OtherPointers, OwnPointer } from "./pointer.js";
import { StillRow } from "./still_row.js";
import { StillView } from "./still_view.js";
import * as words from "./still_words.js";

/** @import { ShownStill } from "../../../types/stills.d.ts" */
/** @import { Stills } from "./stills.js" */
/** @import { Place } from "./still_zoom.js" */

/** @type {import("./still_pace.js").Clock} */
const clock = {
  now: () => performance.now() / 1000,
  after: (seconds, call) => {
    const timer = setTimeout(call, seconds * 1000);
    return () => clearTimeout(timer);
  },
};

export class StillScene {
  /** @type {string | null} */
  #open = null;
  /** The one open was chosen by hand: another does not take its place. */
  #chosen = false;
  /** @type {Map<string, number>} the stage of each still last told aloud */
  #told = new Map();
  /** @type {{still: string, x: number, y: number} | null} */
  #mine = null;
  /** @type {() => void} */
  #rest = () => {};

  /** @param {Stills} stills */
  constructor(stills) {
    this.stills = stills;
    this.row = new StillRow({
      open: (id) => this.open(id, true),
      again: (id) => stills.own.again(id),
      drop: (id) => stills.own.drop(id),
    });
    this.view = new StillView({
      turn: (by) => this.#turn(by),
      close: () => this.close(),
      open: (id) => this.open(id, true),
      point: (place) => this.#point(place),
      detail: () => this.#detail(),
      anew: () => this.#anew(),
    });
    this.own = new OwnPointer((place) => stills.line.hint("pointer", place), clock, () => stills.own.spare);
    this.others = new OtherPointers(clock, () => this.show());
    stills.root.append(this.row.root);
    this.show();
  }

  /**
   * @param {string} id
   * @param {boolean} chosen by hand
   */
  open(id, chosen) {
    const place = document.querySelector(".call[data-state=call]");
    if (!place || !this.stills.album.get(id)) return;
    if (this.#open !== id) this.#leave();
    this.#open = id;
    this.#chosen = chosen;
    this.view.open(place, chosen);
    this.show();
    this.stills.load(id);
  }

  close() {
    if (!this.#open) return false;
    this.#leave();
    this.#open = null;
    this.view.close();
    this.show();
    return true;
  }

  /** @param {{still: string, seat: string, x: number | null, y: number | null}} place */
  pointed(place) {
    if (place.seat !== this.stills.seat) this.others.hear(place);
  }

  show() {
    for (const still of this.stills.album.all) this.#tell(still);
    const { own, speech } = this.stills;
    const pointed = this.others.elsewhere(this.#open) ?? null;
    this.row.show({ stills: this.#listed, sending: own.sending, asked: this.stills.requests.seats, open: this.#open, pointed, speech });
    this.#showView();
  }

  /** Those asked for, and the newest automatic one of each camera of the others. */
  get #listed() {
    const { album, seat } = this.stills;
    return album.all.filter((one) => one.why !== "rung" || one.id === this.#open || (one.seat !== seat && one === album.latest(one.seat, one.source)));
  }

  #showView() {
    if (!this.#open) return;
    const still = this.stills.album.get(this.#open);
    if (!still) return void this.close();
    const listed = this.#listed;
    const place = listed.indexOf(still);
    const elsewhere = this.others.elsewhere(still.id);
    this.view.show({
      still,
      name: this.stills.name(still.seat),
      at: this.stills.speech.hour(still),
      state: this.#stateOf(still),
      first: place <= 0,
      last: place === listed.length - 1,
      fetchable: this.stills.fetchable(still),
      takeable: this.stills.takeable(still),
      dots: this.#dots(still.id),
      elsewhere: elsewhere && this.stills.album.get(elsewhere.still) ? { ...elsewhere, name: this.stills.name(elsewhere.seat) } : null,
    });
  }

  /**
   * How much of it is here, or, of our own, how much of it the others have.
   * @param {ShownStill} still
   */
  #stateOf(still) {
    const way = this.stills.own.sending.find(({ id }) => id === still.id);
    return way ? words.sending(way, this.stills.speech.refusal) : words.arrival(still);
  }

  /** @param {string} id */
  #dots(id) {
    const others = this.others.on(id).map((place) => ({ ...place, name: this.stills.name(place.seat), mine: false }));
    if (this.#mine?.still !== id) return others;
    return [...others, { ...this.#mine, seat: this.stills.seat, name: _("Vous"), mine: true }];
  }

  /** @param {1 | -1} by */
  #turn(by) {
    const listed = this.#listed;
    const next = listed[listed.findIndex(({ id }) => id === this.#open) + by];
    if (next) this.open(next.id, true);
  }

  #detail() {
    if (this.#open) this.stills.load(this.#open, true);
  }

  /** The new one takes this one's place when it comes. */
  #anew() {
    const still = this.#open && this.stills.album.get(this.#open);
    if (!still) return;
    this.#chosen = false;
    this.stills.take(still.seat, still.source);
  }

  /** @param {Place | null} place */
  #point(place) {
    const still = this.#open;
    this.#rest();
    if (!still) return;
    this.#mine = place && { still, ...place };
    this.own.move(still, place);
    if (place) this.#rest = clock.after(FADE_SECONDS, () => this.#point(null));
    this.#showView();
  }

  #leave() {
    this.#rest();
    this.own.leave();
    this.#mine = null;
  }

  /**
   * What a still's arrival changes: it is told aloud, and an asked one comes forward.
   * @param {ShownStill} still
   */
  #tell(still) {
    const before = this.#told.get(still.id) ?? -1;
    if (still.shown <= before) return;
    this.#told.set(still.id, still.shown);
    if (still.why === "rung") return;
    const name = this.stills.name(still.seat);
    const last = still.shown === still.stages.length - 1;
    if (before < 0) this.stills.tellAloud(_("Image reçue : {name}.", { name }));
    else if (last) this.stills.tellAloud(_("Image la plus nette reçue : {name}.", { name }));
    if (before < 0 && !(this.#open && this.#chosen)) this.open(still.id, false);
  }
}
