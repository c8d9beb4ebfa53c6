/**
 * Sound and picture with Carbet: one RTCPeerConnection per media session, made from the
 * server's offer, answered at once and never negotiated again.
 *
 * Knows no DOM, no devices and no people: it gives tracks to the fixed places of the offer, lets
 * each session's encoder send them as planned, and says which tracks came. A new session takes over
 * only when it carries something; until then the old one plays on, so that a change of worker, or of
 * network, is heard as little as possible.
 *
 * A session is dead when nothing at all comes any more (`pulse.js`). What ICE thinks of it comes
 * second: behind a long queue its checks are late, and all is well.
 */

import { Description } from "./description.js";
import { Encoder } from "./encoder.js";
import { Playout, playLater } from "./playout.js";
import { hear } from "./protocol.js";
import { LOOK_SECONDS, Pulse, arrivals, roundTrip } from "./pulse.js";
import { Uplink } from "./uplink.js";

/** @import { LinkSample, MediaState, Offer, Plan, Source } from "../../../types/call.d.ts" */

/** @type {Source[]} */
export const SOURCES = ["mic", "camera", "exam"];
/** What this side may send: its sources, and the camera once more, smaller. */
const LINES = [...SOURCES, "low"];
/** While things still come, ICE may be in doubt for so long. */
const DISCONNECTED_SECONDS = 10;
/** A session connects within this, and so many round trips. */
const CONNECTING_SECONDS = 8;
const ROUND_TRIPS = 10;
/** Each offer in vain makes the next one come later: on a thin link they are what fills it. */
const RENEW_AGAIN_SECONDS = 8;
const LONGEST_AGAIN = 60;
const SILENT_TAKEOVER_SECONDS = 2;

/** One session: its connection, the tracks that came by `mid`, and its clocks. */
class Session {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** @type {Map<string, MediaStreamTrack>} */
  arrived = new Map();
  everUp = false;
  pulse = new Pulse();
  /** @type {import("./pulse.js").Life} */
  life = "alive";
  /** Whether a fresh offer was asked for in its place. */
  ailing = false;

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
    this.playout = new Playout(
      (mids) => description.restart(mids),
      (mid, delay) => playLater(pc, mid, delay),
    );
  }

  /** Whether it carries something, as far as anybody knows. */
  get carries() {
    return this.everUp && this.life !== "dead" && !["failed", "closed"].includes(this.pc.connectionState);
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
  #now;
  /** @type {Record<Source, MediaStreamTrack | null>} */
  #tracks = { mic: null, camera: null, exam: null };
  /** @type {Session | null} */
  #current = null;
  /** @type {Session | null} */
  #coming = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #looking;
  #again = RENEW_AGAIN_SECONDS;
  /** The round trip as it was known last, s. */
  #rtt = 0;

  /**
   * @param {() => RTCPeerConnection} connect makes a peer connection
   * @param {() => number} now s
   */
  constructor(connect = () => new RTCPeerConnection({ bundlePolicy: "max-bundle" }), now = () => performance.now() / 1000) {
    super();
    this.#connect = connect;
    this.#now = now;
    this.uplink = new Uplink(() => this.#current);
    hear(this.uplink, "sample", (/** @type {LinkSample} */ { estimate }) => this.#onSample(estimate));
    hear(this.uplink, "report", (/** @type {RTCStatsReport} */ report) => this.#current?.playout.look(report));
  }

  /** @returns {MediaState} */
  get state() {
    if (this.#current?.carries) return "up";
    if (this.#current?.everUp) return "down";
    return this.#current || this.#coming ? "connecting" : "none";
  }

  /** Whether nothing comes for longer than usual: it may be over. */
  get doubtful() {
    return this.#current?.life === "suspect";
  }

  /** The session that carries something now, or undefined. */
  get carrying() {
    return this.#current?.carries ? this.#current.id : undefined;
  }

  /** The session a fresh offer should replace, or null while all is well. */
  get ailing() {
    return this.#latest?.ailing ? this.#latest.id : null;
  }

  get #latest() {
    return this.#coming ?? this.#current;
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
    this.#watch(session, CONNECTING_SECONDS + ROUND_TRIPS * this.#rtt);
    this.#tell("state");
    return { session: id, sdp: session.pc.localDescription?.sdp ?? "" };
  }

  close() {
    this.#coming?.close();
    this.#current?.close();
    this.uplink.stop();
    clearInterval(this.#looking);
    this.#looking = undefined;
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
    session.ailing = false;
    this.#again = RENEW_AGAIN_SECONDS;
    if (session !== this.#coming) return;
    if (!this.#current?.carries) return this.#takeOver(session);
    session.timer = setTimeout(() => this.#takeOver(session), SILENT_TAKEOVER_SECONDS * 1000);
  }

  /** Does anything still come? Asked some times a second of the session in use. */
  async look() {
    const session = this.#current;
    const report = await session?.pc.getStats().catch(() => null);
    if (!session || !report || session !== this.#current) return;
    this.#rtt = roundTrip(report) || this.#rtt;
    const life = session.pulse.look(this.#now(), arrivals(report), this.#rtt);
    if (life === session.life) return;
    const before = session.life;
    session.life = life;
    if (life === "suspect" && before === "alive") this.#tell("suspect");
    if (life === "dead") this.#ail(session);
    else if (session === this.#latest && session.pc.connectionState === "connected") this.#heal(session);
    this.#tell("state");
  }

  /** @param {Session} session */
  #heal(session) {
    clearTimeout(session.timer);
    session.ailing = false;
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
    this.#looking ??= setInterval(() => this.look(), LOOK_SECONDS * 1000);
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
    const well = session.carries && session.pc.connectionState === "connected";
    if (session !== this.#latest || well) return;
    session.ailing = true;
    this.#tell("renew", { session: session.id });
    this.#watch(session, this.#again);
    this.#again = Math.min(LONGEST_AGAIN, 2 * this.#again);
  }

  /**
   * @param {string} type
   * @param {object} [detail]
   */
  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
