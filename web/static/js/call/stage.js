/**
 * The pictures of the call: the other side large, the rest in a strip, oneself small.
 * Each tile says whose it is, from where, and how their connection is, in words.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, h, labelled, resign, reword, say, sign } from "./element.js";
import { ownConnection } from "./state.js";
import { tiles } from "./tiles.js";
import * as words from "./words.js";

/** @import { Actions, Connection, DeviceState, Snapshot, Source, State, TileRow } from "../../../types/call.d.ts" */
/** @typedef {Map<string, MediaStreamTrack>} Tracks by `mid` */

export class Stage {
  /** @type {Tracks} */
  #tracks = new Map();
  #featured = h("div", { class: "featured" });
  #strip = h("div", { class: "strip" });
  #empty = h("div", { class: "stage-empty" }, sign("people"), h("p", {}, _("Personne d’autre n’est encore là. Les autres apparaîtront ici dès leur arrivée.")));

  /** @param {Actions} actions */
  constructor(actions) {
    this.self = new Self();
    this.large = new Rows(this.#featured, () => new Tile(actions, () => this.#tracks));
    this.small = new Rows(this.#strip, () => new Tile(actions, () => this.#tracks, true));
    this.sound = new Sound(actions);
    this.root = h("section", { class: "stage", "aria-label": _("Participants") }, this.#empty, this.#featured, this.#strip, this.self.root, this.sound.root);
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    const { featured, strip } = tiles(state);
    this.large.show(featured, (tile) => tile.id);
    this.small.show(strip, (tile) => tile.id);
    attribute(this.#featured, "data-count", featured.length);
    attribute(this.#strip, "hidden", strip.length === 0);
    attribute(this.#empty, "hidden", featured.length > 0);
    this.self.show(state, snapshot);
  }

  /**
   * The tracks of the session in use, by `mid`.
   * @param {Tracks} tracks
   */
  play(tracks) {
    this.#tracks = tracks;
    this.sound.play(tracks);
  }
}

/** One person, or the second picture of one person. */
class Tile {
  id = "";
  /** @type {MediaStreamTrack | null} */
  track = null;

  /**
   * @param {Actions} actions
   * @param {() => Tracks} tracks
   * @param {boolean} [small]
   */
  constructor(actions, tracks, small = false) {
    this.small = small;
    this.tracks = tracks;
    this.video = h("video", { autoplay: true, playsinline: true });
    this.video.muted = true;
    this.face = h("div", { class: "face", "aria-hidden": "true" });
    this.veil = h("p", { class: "veil" });
    this.name = h("strong", { class: "tile-name" });
    this.place = h("span", { class: "tile-place" });
    this.marks = h("span", { class: "marks" });
    this.link = labelled("link-state", "good");
    this.pin = h("button", { type: "button", class: "tile-pin", onclick: () => actions.pin(this.id) });
    this.root = h("article", { class: "tile" }, this.video, this.face, this.veil, h("div", { class: "caption" }, h("div", { class: "who-line" }, this.name, this.place), this.marks, this.link), this.pin);
  }

  /** @param {TileRow} tile */
  show(tile) {
    this.id = tile.id;
    const { root } = this;
    attribute(root, "data-seat", tile.seat);
    attribute(root, "data-sort", tile.sort);
    attribute(root, "data-connection", tile.connection);
    attribute(root, "aria-label", tile.sort === "exam" ? _("{name}, deuxième image", { name: tile.name }) : tile.name);
    root.classList.toggle("speaking", Boolean(tile.speaking));
    this.#showPicture(tile);
    this.#showCaption(tile);
    attribute(this.pin, "hidden", tile.sort === "exam");
    attribute(this.pin, "aria-label", tile.pinned ? _("Ne plus garder {name} en grand", { name: tile.name }) : _("Voir {name} en grand", { name: tile.name }));
    attribute(this.pin, "aria-pressed", String(Boolean(tile.pinned)));
  }

  /** @param {TileRow} tile */
  #showPicture(tile) {
    const track = (tile.video && this.tracks().get(tile.video)) || null;
    if (this.track !== track) {
      this.track = track;
      this.video.srcObject = track ? new MediaStream([track]) : null;
    }
    const on = tile.sort === "exam" || tile.camera === "on";
    attribute(this.video, "hidden", !on);
    attribute(this.face, "hidden", on);
    say(this.face, initials(tile.name));
    say(this.veil, veilOf(tile, on, this.small));
    attribute(this.veil, "hidden", this.veil.textContent === "");
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
 * @param {boolean} on
 * @param {boolean} [small]
 */
function veilOf(tile, on, small) {
  if (tile.connection === "lost") {
    const when = tile.lost_at ? _("Liaison perdue à {at}.", { at: words.hour(tile.lost_at) }) : _("Liaison perdue.");
    return small || tile.sort === "exam" ? when : `${when} ${_("Sa place est gardée dix minutes.")}`;
  }
  if (tile.connection === "connecting") return _("Connexion en cours…");
  if (tile.sort === "person" && tile.camera === "lost") return _("Sa caméra s’est débranchée.");
  if (!on) return tile.camera === "off" ? _("Caméra éteinte") : _("Sans caméra");
  return "";
}

/**
 * Why nothing can be heard, or nothing at all.
 * @param {DeviceState} mic
 */
function silence(mic) {
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

/** @typedef {[sign: string, text: string]} Mark */

/**
 * @param {HTMLElement} node
 * @param {Mark[]} marks
 */
function showMarks(node, marks) {
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
function showLink(node, connection, small) {
  resign(node, connection);
  reword(node, small ? words.link(connection) : words.connection(connection));
  attribute(node, "title", words.connection(connection));
}

/** @param {string} name */
function initials(name) {
  const parts = (name ?? "").split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  return parts.slice(-2).map((word) => word[0]).join("").toUpperCase();
}

/** Oneself, small. The picture is mirrored for a front camera, as in a looking-glass. */
class Self {
  constructor() {
    this.video = h("video", { autoplay: true, playsinline: true, "aria-label": _("Votre image") });
    this.video.muted = true;
    this.exam = h("video", { autoplay: true, playsinline: true, class: "self-exam", hidden: true, "aria-label": _("Votre deuxième image") });
    this.exam.muted = true;
    this.face = h("div", { class: "face", "aria-hidden": "true" }, sign("camera_off"));
    this.link = labelled("link-state", "good");
    this.marks = h("span", { class: "marks" });
    this.root = h("aside", { class: "self tile", "aria-label": _("Vous") }, this.exam, h("div", { class: "self-picture" }, this.video, this.face), h("div", { class: "caption" }, h("strong", { class: "tile-name" }, _("Vous")), this.marks, this.link));
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    const connection = ownConnection(state);
    attribute(this.root, "data-seat", state.context.seat);
    attribute(this.root, "data-connection", connection);
    showLink(this.link, connection, true);
    attribute(this.video, "hidden", snapshot.camera !== "on");
    attribute(this.face, "hidden", snapshot.camera === "on");
    attribute(this.exam, "hidden", snapshot.exam !== "on");
    const mine = state.room?.seats.find((seat) => seat.seat === state.context.seat);
    /** @type {Mark[]} */
    const marks = [];
    const silent = silence(snapshot.mic);
    if (silent) marks.push(["mic_off", silent]);
    if (mine?.hand) marks.push(["hand", _("Main levée")]);
    showMarks(this.marks, marks);
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  see(source, track) {
    const video = source === "exam" ? this.exam : this.video;
    video.srcObject = track && new MediaStream([track]);
  }
}

/** The voices. Apart from the pictures, so that none is lost when tiles change places. */
class Sound {
  /** @type {Map<string, HTMLAudioElement>} */
  #players = new Map();

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.root = h("div", { hidden: true });
  }

  /** @param {Tracks} tracks */
  play(tracks) {
    for (const [mid, track] of tracks) if (mid.startsWith("a")) this.#start(this.#playerOf(mid), track);
  }

  /** After a gesture, a browser that held the sound back lets it go. */
  async resume() {
    await Promise.all([...this.#players.values()].map((player) => player.play().catch(() => {})));
    this.actions.audioBlocked(false);
  }

  /** @param {string} mid */
  #playerOf(mid) {
    const known = this.#players.get(mid);
    if (known) return known;
    const player = h("audio", { autoplay: true });
    this.root.append(player);
    this.#players.set(mid, player);
    return player;
  }

  /**
   * @param {HTMLAudioElement} player
   * @param {MediaStreamTrack} track
   */
  async #start(player, track) {
    player.srcObject = new MediaStream([track]);
    try {
      await player.play();
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotAllowedError") this.actions.audioBlocked(true);
    }
  }
}
