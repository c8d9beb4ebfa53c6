/**
 * One picture of somebody else: whose it is, from where, how they are connected, and in the place
 * of the picture either the picture, their last still, or words that say why there is none.
 */

import { _ } from "../lib/i18n.js";
import { attribute, button, h, labelled, resign, reword, say } from "./element.js";
import { Freshness } from "./freshness.js";
import { Matters } from "./matters.js";
import { UNSENT, shown } from "./picture.js";
import { depth } from "./quality.js";
import { turnLine, where } from "./quality_words.js";
import * as words from "./words.js";

/** @import { Actions, Connection, DeviceState, Shown, TileRow, Tracks } from "../../../types/call.d.ts" */
/** @typedef {[sign: string, text: string]} Mark */
/** @typedef {(tile: TileRow) => {url: string, at: string} | null} LastStill the last still of this picture */

/** How long a change stays told on the picture. */
const NEWS_MS = 8000;

/** One person, or the second picture of one person. */
export class Tile {
  id = "";
  /** @type {MediaStreamTrack | null} */
  track = null;
  /** @type {TileRow | null} */
  row = null;

  /**
   * @param {Actions} actions
   * @param {{tracks: () => Tracks, lastStill: LastStill}} sources
   * @param {boolean} [small]
   */
  constructor(actions, { tracks, lastStill }, small = false) {
    this.small = small;
    this.tracks = tracks;
    this.lastStill = lastStill;
    this.video = h("video", { autoplay: true, playsinline: true });
    this.video.muted = true;
    this.fresh = new Freshness(this.video);
    this.still = h("img", { class: "tile-still", alt: "", hidden: true });
    this.face = h("div", { class: "face", "aria-hidden": "true" });
    this.veil = h("p", { class: "veil" });
    this.news = h("p", { class: "tile-news", hidden: true });
    this.name = h("strong", { class: "tile-name" });
    this.place = h("span", { class: "tile-place" });
    this.marks = h("span", { class: "marks" });
    this.link = labelled("link-state", "good");
    this.pin = h("button", { type: "button", class: "tile-pin", onclick: () => actions.pin(this.id) });
    this.matters = new Matters(actions);
    this.ask = button("still", _("Image nette"), () => actions.still(this.row?.seat ?? "", this.row?.sort === "exam" ? "exam" : "camera"), "small tile-ask");
    this.root = h("article", { class: "tile" }, this.video, this.still, this.face, this.veil, this.news, h("div", { class: "caption" }, h("div", { class: "who-line" }, this.name, this.place), this.marks, this.link), this.pin, !small && h("div", { class: "tile-tools" }, this.ask, this.matters.root));
  }

  /** @param {TileRow} tile */
  show(tile) {
    // Sent again after a pause: what was shown before it says nothing of the link now.
    const resumes = UNSENT.includes(this.row?.passage?.rung) && !UNSENT.includes(tile.passage?.rung);
    this.id = tile.id;
    this.row = tile;
    if (resumes) this.fresh.restart();
    const { root } = this;
    attribute(root, "data-seat", tile.seat);
    attribute(root, "data-sort", tile.sort);
    attribute(root, "data-connection", tile.connection);
    attribute(root, "data-rung", tile.passage?.rung);
    attribute(root, "aria-label", tile.sort === "exam" ? _("{name}, deuxième image", { name: tile.name }) : tile.name);
    root.classList.toggle("speaking", Boolean(tile.speaking));
    this.#take((tile.video && this.tracks().get(tile.video)) || null);
    this.#showCaption(tile);
    attribute(this.pin, "hidden", tile.sort === "exam");
    attribute(this.pin, "aria-label", tile.pinned ? _("Ne plus garder {name} en grand", { name: tile.name }) : _("Voir {name} en grand", { name: tile.name }));
    attribute(this.ask, "aria-label", _("Demander une image nette : {name}", { name: this.root.getAttribute("aria-label") ?? "" }));
    attribute(this.pin, "aria-pressed", String(Boolean(tile.pinned)));
    this.look();
  }

  /** Looks again at what is really there: frames may have stopped, news grow old. */
  look() {
    const tile = this.row;
    if (!tile) return;
    const still = this.lastStill(tile);
    const what = shown(tile, this.fresh, Boolean(still));
    attribute(this.root, "data-shown", what);
    attribute(this.video, "hidden", !["live", "stopped", "coming"].includes(what));
    attribute(this.still, "hidden", what !== "still");
    if (still && what === "still") attribute(this.still, "src", still.url);
    attribute(this.face, "hidden", !["off", "stills", "voice", "text"].includes(what));
    say(this.face, initials(tile.name));
    this.#sayVeil(tile, what, still?.at ?? "");
    this.#sayNews(tile, what);
    this.matters.show(tile, what !== "off");
    attribute(this.ask, "hidden", !tile.asking || what === "off");
  }

  /** Whether this person's picture should move and does not. */
  get stopped() {
    return this.row?.sort === "person" && this.root.dataset.shown === "stopped";
  }

  /** @param {MediaStreamTrack | null} track */
  #take(track) {
    if (this.track === track) return;
    this.track = track;
    this.stoppedAt = "";
    this.video.srcObject = track ? new MediaStream([track]) : null;
    this.fresh.restart();
  }

  /**
   * @param {TileRow} tile
   * @param {Shown} what
   * @param {string} at when the still was taken
   */
  #sayVeil(tile, what, at) {
    if (what !== "stopped") this.stoppedAt = "";
    else this.stoppedAt ||= new Date(Date.now() - this.fresh.age).toISOString();
    say(this.veil, veilOf(tile, what, at || this.stoppedAt || "", this.small));
    attribute(this.veil, "hidden", this.veil.textContent === "");
    this.veil.classList.toggle("low", what === "still");
  }

  /**
   * Nothing where the veil already says it with its reason.
   * @param {TileRow} tile
   * @param {Shown} what
   */
  #sayNews({ turn, sort, ...tile }, what) {
    const told = sort === "exam" || this.small || !["live", "still", "stills"].includes(what);
    const fresh = turn && !told && Date.now() - turn.at < NEWS_MS;
    if (fresh) say(this.news, turnLine(turn, tile));
    attribute(this.news, "hidden", !fresh);
  }

  /** @param {TileRow} tile */
  #showCaption(tile) {
    say(this.name, tile.name);
    say(this.place, tile.sort === "exam" ? examWord(tile) : tile.place || words.kind(tile.kind));
    showLink(this.link, tile.connection, this.small);
    const marks = tile.sort === "exam" ? [] : marksOf(tile);
    showMarks(this.marks, marks);
  }
}

/** @param {TileRow} tile */
function examWord(tile) {
  return tile.exam_kind === "screen" ? _("Écran partagé") : _("Caméra d’examen");
}

/**
 * What lies over the picture: the truth about a picture that cannot be live.
 * @param {TileRow} tile
 * @param {Shown} what
 * @param {string} at when the still was taken or the picture stopped
 * @param {boolean} small
 */
function veilOf(tile, what, at, small) {
  if (tile.connection === "lost") {
    const when = tile.lost_at ? _("Liaison perdue à {at}.", { at: words.hour(tile.lost_at) }) : _("Liaison perdue.");
    return small || tile.sort === "exam" ? when : `${when} ${_("Sa place est gardée dix minutes.")}`;
  }
  if (tile.connection === "connecting") return _("Connexion en cours…");
  if (tile.sort === "person" && tile.camera === "lost") return _("Sa caméra s’est débranchée.");
  if (what === "off") return tile.camera === "off" ? _("Caméra éteinte") : _("Sans caméra");
  return unmoving(tile, what, at, small);
}

/**
 * @param {TileRow} tile
 * @param {Shown} what
 * @param {string} at
 * @param {boolean} small
 */
function unmoving(tile, what, at, small) {
  const place = tile.passage?.side === "from" ? where(tile) : "";
  switch (what) {
    case "coming":
      return _("L’image arrive…");
    case "stopped":
      return stopped(tile, words.second(at), small);
    case "still":
      return _("Image fixe de {at}", { at: words.second(at) });
    case "stills":
      return small ? _("Images fixes") : _("Images fixes : la première arrive…");
    case "voice":
      if (small) return _("Voix seule");
      return place ? _("Voix seule : la liaison de {place} ne porte plus l’image.", { place }) : _("Voix seule : votre liaison ne porte plus l’image.");
    case "text":
      return small ? _("Ni voix ni image") : _("Ni la voix ni l’image ne passent. Les messages écrits passent encore.");
    default:
      return "";
  }
}

/**
 * With its reason where one is known: a second picture is given up before the first.
 * @param {TileRow} tile
 * @param {string} at
 * @param {boolean} small
 */
function stopped(tile, at, small) {
  const { passage } = tile;
  const thin = passage?.cause === "link" && depth(passage.rung) > 0;
  if (!thin || small) return _("Image arrêtée depuis {at}.", { at });
  if (passage.side === "to") return _("Image arrêtée depuis {at} : votre liaison ne suffit plus.", { at });
  return _("Image arrêtée depuis {at} : la liaison de {place} ne suffit plus.", { at, place: where(tile) });
}

/**
 * Why nothing can be heard, or nothing at all.
 * @param {DeviceState} mic
 */
export function silence(mic) {
  return { off: _("Micro coupé"), lost: _("Micro débranché"), none: _("Sans micro"), on: "" }[mic];
}

/** @param {TileRow} tile */
function marksOf(tile) {
  const silent = silence(tile.mic);
  /** @type {Mark[]} */
  const marks = [];
  if (tile.hand) marks.push(["hand", _("Main levée")]);
  if (silent) marks.push(["mic_off", silent]);
  if (tile.consent === false) marks.push(["alert", _("Consentement refusé")]);
  return marks;
}

/**
 * @param {HTMLElement} node
 * @param {Mark[]} marks
 */
export function showMarks(node, marks) {
  const key = marks.join();
  if (node.dataset.marks === key) return;
  node.dataset.marks = key;
  node.replaceChildren(...marks.map(([name, text]) => labelled(`mark ${name}`, name, text)));
}

/**
 * The state of a connection, as a sign and words; one word on a small picture.
 * @param {HTMLElement} node
 * @param {Connection} connection
 * @param {boolean} [small]
 */
export function showLink(node, connection, small) {
  resign(node, connection);
  reword(node, small ? words.link(connection) : words.connection(connection));
  attribute(node, "title", words.connection(connection));
}

/** @param {string} name */
function initials(name) {
  const parts = (name ?? "").split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  return parts.slice(-2).map((word) => word[0]).join("").toUpperCase();
}
