/**
 * What the call page knows, as one value: `step(state, event) -> state`, and what to show of it.
 *
 * Pure: no clock, no socket, no DOM, no words. Times come in events; texts are in `words.js`.
 * The server's `room` is believed whole; the page never guesses what another person does.
 */

import { learnt, marked, onlyPresent, pairs, turned } from "./quality.js";

/** @import { Connection, Context, Event, Message, Phase, Room, SeatQuality, State, Steps } from "../../../types/call.d.ts" */

/** Seats on the patient's side of the act: they are asked for consent. */
export const CONSENTING_KINDS = ["site", "patient", "family", "escort"];
const CLOSED = ["ended", "cancelled", "missed"];
const OUT = ["left", "refused", "removed"];
const FINAL = ["superseded", "revoked", "unknown"];

/**
 * @param {Context} context
 * @returns {State}
 */
export function begin(context) {
  return {
    context,
    line: { up: false, ever: false, since: null },
    media: { state: "none", since: null, doubt: false },
    room: null,
    session: null,
    slots: {},
    speaker: null,
    messages: [],
    read: 0,
    pending: [],
    devices: { mic: "none", camera: "none", exam: "none", examKind: "camera" },
    audioBlocked: false,
    consent: null,
    wanting: false,
    leaving: false,
    knock: null,
    shown: "device",
    over: null,
    pinned: null,
    quality: {},
    pairs: {},
    stopped: [],
    turns: {},
    rungs: [],
    plan: null,
  };
}

/** @type {Steps} */
const steps = {
  line_up: (state, { at }) => ({
    ...state,
    line: { up: true, ever: true, since: at },
    room: state.room && { ...state.room, rev: -1 },
  }),
  line_down: (state, { at }) =>
    state.line.up ? { ...state, line: { ...state.line, up: false, since: at } } : state,
  line_refused: (state) => ({ ...state, over: state.over ?? { why: "unknown" } }),
  room: (state, { room }) => onRoom(state, room),
  message: (state, { message }) => ({ ...state, messages: inOrder(state.messages, message) }),
  outbox: (state, { pending }) => ({ ...state, pending }),
  read: (state, { number }) => ({ ...state, read: Math.max(state.read, number) }),
  session: (state, { session }) => ({ ...state, session }),
  slots: (state, { session, slots }) => ({
    ...state,
    slots: { ...onlySessions(state.slots, [state.session, session]), [session]: slots },
  }),
  media: (state, { media, doubt = false, at }) => {
    const { state: was, since, doubt: doubted } = state.media;
    if (media === was && doubt === doubted) return state;
    return { ...state, media: { state: media, since: media === was ? since : at, doubt } };
  },
  speaker: (state, { seat }) => ({ ...state, speaker: seat }),
  devices: (state, { devices }) => ({ ...state, devices }),
  audio: (state, { blocked }) => ({ ...state, audioBlocked: blocked }),
  consent: (state, { given }) => ({ ...state, consent: given }),
  knock: (state) => ({
    ...state,
    wanting: true,
    leaving: false,
    knock: "asking",
    over: lasting(state.over),
  }),
  leave: (state) => ({ ...state, wanting: false, leaving: true, over: state.over ?? { why: "left" } }),
  knock_answer: (state, { code }) => ({ ...state, knock: code, wanting: !code }),
  pin: (state, { tile }) => ({ ...state, pinned: state.pinned === tile ? null : tile }),
  quality: (state, { seats, at }) => onQuality(state, seats, at),
  stopped: (state, { seats }) => ({ ...state, stopped: seats }),
  plan: (state, { session, plan }) => {
    const older = state.plan?.session === session && plan.n <= state.plan.n;
    return older ? state : { ...state, plan: { ...plan, session } };
  },
  back: (state) => ({
    ...state,
    over: lasting(state.over),
    shown: "device",
    wanting: false,
    leaving: false,
    knock: null,
  }),
  superseded: (state) => ({ ...state, over: { why: "superseded" } }),
  revoked: (state) => ({ ...state, over: { why: "revoked" } }),
};

/**
 * The next state. An event of an unknown type is our own mistake and throws.
 * @param {State} state
 * @param {Event} event
 * @returns {State}
 */
export function step(state, event) {
  const move = /** @type {(state: State, event: Event) => State} */ (steps[event.type]);
  const next = move(state, event);
  return { ...next, shown: phase(next) === "over" ? next.shown : phase(next) };
}

/** @param {State["over"]} over */
function lasting(over) {
  return over && FINAL.includes(over.why) ? over : null;
}

/**
 * @param {State} state
 * @param {Room} room
 * @returns {State}
 */
function onRoom(state, room) {
  if (state.room && room.rev <= state.room.rev) return state;
  const next = {
    ...state,
    room,
    consent: state.consent ?? room.me.consent,
    quality: onlyPresent(state.quality, room),
  };
  // Whoever just came may have been told of before; what is said of the others stands.
  next.pairs = said(next, 0);
  if (lasting(state.over)) return next;
  const over = roomOver(state, room);
  const { stage } = room.me;
  const settled = over || stage === "in";
  // Put out without a word, as by a server that lost its memory: this person still wants in.
  const dropped = state.shown === "call" && !state.over && ["ready", "away"].includes(stage);
  return {
    ...next,
    over,
    leaving: state.leaving && stage === "in",
    wanting: !settled && (dropped || state.wanting),
    knock: settled || stage === "door" ? null : state.knock,
  };
}

/**
 * @param {State} state
 * @param {SeatQuality[]} seats
 * @param {number} at
 * @returns {State}
 */
function onQuality(state, seats, at) {
  const quality = learnt(state.quality, seats);
  const now = said({ ...state, quality }, at);
  return {
    ...state,
    quality,
    pairs: now,
    turns: turned(state.turns, state.pairs, now, at),
    rungs: marked(state.rungs, quality[state.context.seat], at),
  };
}

/**
 * @param {State} state
 * @param {number} at
 */
function said(state, at) {
  const people = { mine: state.context.seat, seats: others(state).map((one) => one.seat) };
  return pairs(state.pairs, state.quality, people, at);
}

/**
 * Why the journey is over for this seat, or null. A page opened anew after leaving starts again.
 * @param {State} state
 * @param {Room} room
 * @returns {State["over"]}
 */
function roomOver(state, room) {
  if (CLOSED.includes(room.status)) return { why: room.status };
  const stage = room.me.stage;
  if (state.leaving && stage === "in") return state.over;
  if (stage === "removed") return { why: "removed" };
  // A knock on its way outdates what the server says until it is answered.
  if (!OUT.includes(stage) || state.knock === "asking") return null;
  if (stage === state.room?.me.stage) return state.over;
  const wasThere = state.shown !== "device" || state.over;
  return wasThere ? { why: stage } : null;
}

/**
 * @param {Message[]} messages
 * @param {Message} message
 */
function inOrder(messages, message) {
  if (messages.some((known) => known.number === message.number)) return messages;
  return [...messages, message].sort((one, other) => one.number - other.number);
}

/**
 * @param {State["slots"]} slots
 * @param {(string | null)[]} kept
 */
function onlySessions(slots, kept) {
  return Object.fromEntries(Object.entries(slots).filter(([session]) => kept.includes(session)));
}

/**
 * One of `device`, `door`, `call`, `over`.
 * @param {State} state
 * @returns {Phase}
 */
export function phase(state) {
  if (state.over) return "over";
  const stage = state.room?.me.stage;
  if (stage === "in") return "call";
  if (stage === "door" || state.wanting || state.knock === "locked" || state.knock === "full")
    return "door";
  return "device";
}

/**
 * Whether this seat is asked for consent: the patient's side only.
 * @param {State} state
 */
export function asksConsent(state) {
  const { kind, member, host } = state.context;
  if (kind) return CONSENTING_KINDS.includes(kind);
  return !host && !member;
}

/** @param {State} state */
export function lastMessage(state) {
  return state.messages.at(-1)?.number ?? 0;
}

/** @param {State} state */
export function unread(state) {
  const mine = state.context.seat;
  return state.messages.filter((one) => one.number > state.read && one.seat !== mine).length;
}

/**
 * How this seat itself is connected. While the line is up the server knows best: it sees whether
 * our packets arrive. Without it, sound may well go on, so `lost` needs both ways down.
 * @param {State} state
 * @returns {Connection}
 */
export function ownConnection(state) {
  const { line, media } = state;
  if (media.state === "down") return "lost";
  const told = ownSeat(state)?.connection;
  if (media.state === "up") return line.up ? (told ?? "good") : "weak";
  return line.ever && (!line.up || told === "lost") ? "lost" : "connecting";
}

/** @param {State} state */
function ownSeat(state) {
  return state.room?.seats.find((seat) => seat.seat === state.context.seat);
}

/**
 * What the banner says: a code of `words.banner`, or null when all is well.
 * @param {State} state
 */
export function banner(state) {
  const { line, media, devices, room, context } = state;
  if (!line.up && line.ever) return media.state === "up" && !media.doubt ? "line_lost" : "all_lost";
  if (!line.up) return "line_opening";
  if (phase(state) !== "call") return null;
  if (ownConnection(state) === "lost") return "media_lost";
  if (media.state !== "up") return "media_opening";
  if (state.audioBlocked) return "audio_blocked";
  if (devices.mic === "lost") return "mic_lost";
  if (devices.camera === "lost") return "camera_lost";
  return room?.locked && context.member ? "locked" : null;
}

/**
 * Everybody in the call but oneself.
 * @param {State} state
 */
export function others(state) {
  return (state.room?.seats ?? []).filter((seat) => seat.seat !== state.context.seat);
}
