/**
 * The pictures of the call: the other side large, the rest in a strip, oneself small.
 * Each tile says whose it is, from where, and how their connection is, in words.
 */

import { _ } from "../lib/i18n.js";
import { Rows, attribute, button, h, labelled, sign } from "./element.js";
import { ownConnection } from "./state.js";
import { Tile, showLink, showMarks, silence } from "./tile.js";
import { tiles } from "./tiles.js";
import { connectionOf } from "./verdict.js";

/** @import { Actions, Snapshot, Source, State, TileRow, Tracks } from "../../../types/call.d.ts" */
/** @import { LastStill, Mark } from "./tile.js" */

/** How often a picture is looked at again: has it stopped? */
const LOOK_MS = 500;

export class Stage {
  /** @type {Tracks} */
  #tracks = new Map();
  #featured = h("div", { class: "featured" });
  #strip = h("div", { class: "strip" });
  #empty = h("div", { class: "stage-empty" }, sign("people"), h("p", {}, _("Personne d’autre n’est encore là. Les autres apparaîtront ici dès leur arrivée.")));

  /** @type {string[]} */
  #stopped = [];
  /** The last still of a picture, where stills are kept. @type {LastStill} */
  lastStill = () => null;

  /** @param {Actions} actions */
  constructor(actions) {
    this.actions = actions;
    this.self = new Self(actions);
    this.large = new Rows(this.#featured, () => this.#tile(actions));
    this.small = new Rows(this.#strip, () => this.#tile(actions, true));
    this.sound = new Sound(actions);
    this.root = h("section", { class: "stage", "aria-label": _("Participants") }, this.#empty, this.#featured, this.#strip, this.self.root, this.sound.root);
    this.#watch();
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
   * @param {Actions} actions
   * @param {boolean} [small]
   */
  #tile(actions, small) {
    return new Tile(actions, { tracks: () => this.#tracks, lastStill: (row) => this.lastStill(row) }, small);
  }

  get #shown() {
    return [...this.large.views, ...this.small.views];
  }

  #watch() {
    setInterval(() => this.#look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  #wake() {
    for (const tile of this.#shown) tile.fresh.wake();
  }

  #look() {
    if (!this.root.isConnected) return this.#wake();
    for (const tile of this.#shown) tile.look();
    const stopped = this.#shown.filter((tile) => tile.stopped).map((tile) => tile.row?.seat ?? "");
    if (stopped.join() === this.#stopped.join()) return;
    this.#stopped = stopped;
    this.actions.stopped(stopped);
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

/** Oneself, small. The picture is mirrored for a front camera, as in a looking-glass. */
class Self {
  seat = "";

  /** @param {Actions} actions */
  constructor(actions) {
    this.video = h("video", { autoplay: true, playsinline: true, "aria-label": _("Votre image") });
    this.video.muted = true;
    this.exam = h("video", { autoplay: true, playsinline: true, class: "self-exam", hidden: true, "aria-label": _("Votre deuxième image") });
    this.exam.muted = true;
    this.face = h("div", { class: "face", "aria-hidden": "true" }, sign("camera_off"));
    this.link = labelled("link-state", "good");
    this.marks = h("span", { class: "marks" });
    this.give = giving(_("Envoyer une image nette"), () => actions.still(this.seat, "camera"));
    this.giveExam = giving(_("Envoyer une image nette de votre deuxième image"), () => actions.still(this.seat, "exam"));
    this.root = h("aside", { class: "self tile", "aria-label": _("Vous") }, this.exam, this.giveExam, h("div", { class: "self-picture" }, this.video, this.face, this.give), h("div", { class: "caption" }, h("strong", { class: "tile-name" }, _("Vous")), this.marks, this.link));
  }

  /**
   * @param {State} state
   * @param {Snapshot} snapshot
   */
  show(state, snapshot) {
    const connection = connectionOf(state, { seat: state.context.seat, connection: ownConnection(state) });
    attribute(this.root, "data-seat", state.context.seat);
    attribute(this.root, "data-connection", connection);
    showLink(this.link, connection, true);
    attribute(this.video, "hidden", snapshot.camera !== "on");
    attribute(this.face, "hidden", snapshot.camera === "on");
    attribute(this.exam, "hidden", snapshot.exam !== "on");
    this.seat = state.context.seat;
    attribute(this.give, "hidden", snapshot.camera !== "on");
    attribute(this.giveExam, "hidden", snapshot.exam !== "on");
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

/**
 * The button which sends a sharp still of one's own picture.
 * @param {string} text
 * @param {() => unknown} press
 */
function giving(text, press) {
  const made = button("still", "", press, "small self-give");
  attribute(made, "aria-label", text);
  attribute(made, "title", text);
  return made;
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
