/**
 * Sound and picture with Carbet: one RTCPeerConnection per media session, made from the
 * server's offer, answered at once and never negotiated again.
 *
 * Knows no DOM, no devices and no people: it gives tracks to the fixed places of the offer, lets
 * each session's encoder send them as planned, and says which tracks came. A new session takes over
 * only when it carries something; until then the old one plays on, so that a change of worker is
 * heard as little as possible.
 */

import { Description } from "./description.js";
import { Encoder } from "./encoder.js";
import { Playout } from "./playout.js";
import { hear } from "./protocol.js";
import { Uplink } from "./uplink.js";

/** @import { LinkSample, MediaState, Offer, Plan, Source } from "../../../types/call.d.ts" */

/** @type {Source[]} */
export const SOURCES = ["mic", "camera", "exam"];
/** What this side may send: its sources, and the camera once more, smaller. */
const LINES = [...SOURCES, "low"];
const DISCONNECTED_SECONDS = 4;
const CONNECTING_SECONDS = 15;
const RENEW_AGAIN_SECONDS = 10;
const SILENT_TAKEOVER_SECONDS = 2;

/** One session: its connection, the tracks that came by `mid`, and its clocks. */
class Session {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** @type {Map<string, MediaStreamTrack>} */
  arrived = new Map();
  everUp = false;

  /**
   * @param {string} id
   * @param {RTCPeerConnection} pc
   * @param {string} sdp the server's offer
   */
  constructor(id, pc, sdp) {
    this.id = id;
    this.pc = pc;
    const description = new Description(pc, sdp);
    this.encoder = new Encoder(pc, description);
    this.playout = new Playout((mids) => description.restart(mids));
  }

  close() {
    clearTimeout(this.timer);
    this.pc.onconnectionstatechange = null;
    this.pc.ontrack = null;
    this.pc.close();
  }
}

export class Media extends EventTarget {
  #connect;
  /** @type {Record<Source, MediaStreamTrack | null>} */
  #tracks = { mic: null, camera: null, exam: null };
  /** @type {Session | null} */
  #current = null;
  /** @type {Session | null} */
  #coming = null;

  /** @param {() => RTCPeerConnection} connect makes a peer connection */
  constructor(connect = () => new RTCPeerConnection({ bundlePolicy: "max-bundle" })) {
    super();
    this.#connect = connect;
    this.uplink = new Uplink(() => this.#current);
    hear(this.uplink, "sample", (/** @type {LinkSample} */ { estimate }) => this.#onSample(estimate));
    hear(this.uplink, "report", (/** @type {RTCStatsReport} */ report) => this.#current?.playout.look(report));
  }

  /** @returns {MediaState} */
  get state() {
    if (this.#current?.pc.connectionState === "connected") return "up";
    if (this.#current?.everUp) return "down";
    return this.#current || this.#coming ? "connecting" : "none";
  }

  /** The session that carries something now, or undefined. */
  get carrying() {
    return this.#current?.pc.connectionState === "connected" ? this.#current.id : undefined;
  }

  /** The session a fresh offer should replace, or null while all is well. */
  get ailing() {
    const latest = this.#coming ?? this.#current;
    return latest && latest.pc.connectionState !== "connected" ? latest.id : null;
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async give(source, track) {
    this.#tracks[source] = track;
    for (const session of [this.#current, this.#coming]) await session?.encoder.give(source, track);
  }

  /**
   * What a session's worker wants encoded; of a session which is no more, nothing.
   * @param {{session: string, plan: Plan}} told
   */
  async plan({ session: id, plan }) {
    for (const session of [this.#current, this.#coming])
      if (session?.id === id) await session.encoder.apply(plan);
  }

  /**
   * Makes a session from the server's offer.
   * @param {Offer} offer
   * @returns {Promise<Offer | null>} the answer, or null when a newer offer won
   */
  async take({ session: id, sdp, plan }) {
    this.#coming?.close();
    const session = new Session(id, this.#connect(), sdp);
    const { pc, encoder } = session;
    this.#coming = session;
    this.#listen(session);
    await pc.setRemoteDescription({ type: "offer", sdp: encoder.begin(plan) });
    await this.#attach(session);
    await encoder.prepare();
    await pc.setLocalDescription(await pc.createAnswer());
    if (this.#coming !== session) return null;
    encoder.start();
    this.#watch(session, CONNECTING_SECONDS);
    this.#tell("state");
    return { session: id, sdp: session.pc.localDescription?.sdp ?? "" };
  }

  close() {
    this.#coming?.close();
    this.#current?.close();
    this.uplink.stop();
    this.#coming = this.#current = null;
    this.#tell("state");
  }

  /** @param {Session} session */
  async #attach({ pc, encoder }) {
    for (const transceiver of pc.getTransceivers())
      if (LINES.includes(transceiver.mid ?? "")) transceiver.direction = "sendonly";
    for (const source of SOURCES) await encoder.give(source, this.#tracks[source]);
  }

  /** @param {Session} session */
  #listen(session) {
    session.pc.ontrack = ({ track, transceiver }) => {
      session.arrived.set(transceiver.mid ?? "", track);
      track.onunmute = () => this.#onSound(session);
    };
    session.pc.onconnectionstatechange = () => this.#onState(session);
  }

  /** @param {Session} session */
  #onState(session) {
    const state = session.pc.connectionState;
    clearTimeout(session.timer);
    if (state === "connected") this.#onConnected(session);
    if (state === "disconnected") this.#watch(session, DISCONNECTED_SECONDS);
    if (state === "failed" || state === "closed") this.#ail(session);
    this.#tell("state");
  }

  /** @param {number | null} estimate bit/s */
  #onSample(estimate) {
    this.#current?.encoder.lift(estimate);
    // A shared window may have been given another size.
    this.#current?.encoder.refresh();
  }

  /** @param {Session} session */
  #onConnected(session) {
    session.everUp = true;
    if (session !== this.#coming) return;
    const replaces = this.#current?.pc.connectionState === "connected";
    if (!replaces) return this.#takeOver(session);
    session.timer = setTimeout(() => this.#takeOver(session), SILENT_TAKEOVER_SECONDS * 1000);
  }

  /** @param {Session} session */
  #onSound(session) {
    if (session === this.#coming && session.everUp) this.#takeOver(session);
  }

  /** @param {Session} session */
  #takeOver(session) {
    if (session !== this.#coming) return;
    clearTimeout(session.timer);
    const old = this.#current;
    this.#current = session;
    this.#coming = null;
    this.uplink.start();
    this.#tell("tracks", { session: session.id, tracks: session.arrived });
    this.#tell("state");
    old?.close();
  }

  /**
   * @param {Session} session
   * @param {number} seconds
   */
  #watch(session, seconds) {
    clearTimeout(session.timer);
    session.timer = setTimeout(() => this.#ail(session), seconds * 1000);
  }

  /**
   * Asks for a fresh offer, again and again while this session is the latest and not well.
   * @param {Session} session
   */
  #ail(session) {
    const latest = this.#coming ?? this.#current;
    if (session !== latest || session.pc.connectionState === "connected") return;
    this.#tell("renew", { session: session.id });
    this.#watch(session, RENEW_AGAIN_SECONDS);
  }

  /**
   * @param {string} type
   * @param {object} [detail]
   */
  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
