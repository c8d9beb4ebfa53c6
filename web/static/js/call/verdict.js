/**
 * How the call is carried, as codes: what the indicator says in words, for each direction.
 *
 * Pure, like `state.js`. The state of socket and media comes first: a rung told before a cut is
 * not repeated as if it were known. Of several persons, the one worst served is told of.
 */

import { depth, thin } from "./quality.js";
import { others, ownConnection } from "./state.js";

/** @import { Connection, Passage, SeatRow, State, Verdict, VerdictLine } from "../../../types/call.d.ts" */

/**
 * @param {State} state
 * @returns {Verdict}
 */
export function verdict(state) {
  const own = ownConnection(state);
  if (own === "lost" || own === "connecting") return plain(own);
  if (!state.line.up) return plain("unknown");
  const people = others(state);
  if (people.length === 0) return plain("alone");
  const here = people.filter((seat) => seat.connection !== "lost" && seat.connection !== "connecting");
  if (here.length === 0) return { ...plain(people.some((seat) => seat.connection === "lost") ? "gone" : "coming"), who: alone(people) };
  return judged(state, here, alone(people));
}

/**
 * @param {Verdict["level"]} level
 * @returns {Verdict}
 */
function plain(level) {
  return { level, lines: [], who: null };
}

/** The only other person, or null. @param {SeatRow[]} people */
function alone(people) {
  return people.length === 1 ? people[0] : null;
}

/**
 * @param {State} state
 * @param {SeatRow[]} people
 * @param {SeatRow | null} who
 * @returns {Verdict}
 */
function judged(state, people, who) {
  const lines = ["in", "out"].flatMap((way) => {
    const worst = people.map((seat) => lineOf(state, seat, way === "in")).reduce(worse, null);
    return worst && weight(worst) > 0 ? [worst] : [];
  });
  if (lines.length) return { level: lines.some((line) => line.cause === "link") ? "weak" : "reduced", lines: merged(lines), who };
  const stopped = people.find((seat) => state.stopped.includes(seat.seat));
  if (stopped) return { ...plain("stopped"), who: stopped };
  const unsteady = people.find((seat) => seat.connection === "weak");
  if (ownConnection(state) === "weak") return { ...plain("unsteady_mine"), who };
  if (unsteady) return { ...plain("unsteady"), who: unsteady };
  const known = people.some((seat) => state.quality[seat.seat]);
  return { ...plain(known ? "good" : "measuring"), who };
}

/**
 * @param {State} state
 * @param {SeatRow} seat
 * @param {boolean} inward
 * @returns {VerdictLine | null}
 */
function lineOf(state, seat, inward) {
  const passes = state.pairs[seat.seat]?.[inward ? "in" : "out"];
  if (!passes) return null;
  const own = passes.side === (inward ? "to" : "from");
  const sender = inward ? seat : state.devices;
  return {
    way: inward ? "in" : "out",
    own,
    who: seat,
    rung: passes.rung,
    cause: passes.cause,
    figure: passes.figure,
    every: !inward && passes.rung === "stills" ? (state.plan?.stills?.every ?? null) : null,
    voice: sender.mic === "on",
    picture: sender.camera === "on" || sender.exam === "on",
    all: !inward && own && others(state).length > 1,
  };
}

/**
 * @param {VerdictLine | null} one
 * @param {VerdictLine | null} other
 */
function worse(one, other) {
  const left = one && weight(one);
  const right = other && weight(other);
  return (right ?? -1) > (left ?? -1) ? other : one;
}

/**
 * A picture nobody sends cannot be badly carried: only a voice in danger counts then.
 * @param {VerdictLine} line
 */
function weight(line) {
  return line.picture || line.rung === "text" ? depth(line.rung) : 0;
}

/**
 * The same thing both ways is said once.
 * @param {VerdictLine[]} lines
 * @returns {VerdictLine[]}
 */
function merged(lines) {
  const [one, other] = lines;
  /** @type {(keyof VerdictLine)[]} */
  const shown = ["who", "rung", "cause", "voice", "picture"];
  const same = other && !one.own && !other.own && shown.every((key) => one[key] === other[key]);
  if (same) return [{ ...one, way: "both" }];
  // What the others see of this person comes first: nobody else can tell them.
  return other?.own ? [other, one] : lines;
}

/**
 * How a seat is connected, as one word: good packets over a thin link are a weak link.
 * @param {State} state
 * @param {{seat: string, connection: Connection}} seat
 * @returns {Connection}
 */
export function connectionOf(state, { seat, connection }) {
  return connection === "good" && thin(state.quality, seat) ? "weak" : connection;
}

/**
 * How far the call has fallen for this person when another act is worth offering: `voice`, `text`
 * or, during a cut, `none`, and whether only what they send fails; null while there are pictures.
 * What another does not get is for that other to be told.
 * @param {State} state
 * @returns {{code: "voice" | "text" | "none", own: boolean} | null}
 */
export function fallen(state) {
  const { level, lines } = verdict(state);
  if (level === "lost" || level === "gone") return { code: "none", own: false };
  const felt = lines.filter((line) => line.way !== "out" || line.own);
  for (const code of /** @type {const} */ (["text", "voice"])) {
    const low = felt.filter((line) => line.rung === code);
    if (low.length) return { code, own: low.every((line) => line.way === "out") };
  }
  return null;
}

/**
 * What passes of a picture to this seat.
 * @param {State} state
 * @param {string} seat
 * @returns {Passage | null}
 */
export function received(state, seat) {
  return state.pairs[seat]?.in ?? null;
}
