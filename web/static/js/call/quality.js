/**
 * What passes between two seats, and why: the server's `quality`, read for one pair at a time.
 *
 * Pure, like `state.js`. A figure is kept as it was when the rung last changed, so that words
 * built on it stay still while the estimate moves. Guesses nothing: unknown is null.
 */

/** @import { Cause, Passage, QualityState, ReasonCode, Room, Rung, RungMark, SeatQuality, ToldWay, Turn, Way } from "../../../types/call.d.ts" */

/** From the best to the least. @type {Rung[]} */
export const RUNGS = ["motion", "slow", "sharp", "stills", "voice", "text"];

/** What kind of reason a code is; words change with the kind, not with each code. @type {Record<ReasonCode, Cause>} */
const CAUSES = {
  fine: "fine",
  rate: "link",
  loss: "link",
  delay: "link",
  climbing: "link",
  starting: "starting",
  choice: "choice",
  processor: "processor",
  ceiling: "ceiling",
  receiver: "receiver",
};

/** @type {("up" | "down")[]} */
const WAYS = ["up", "down"];
const KEPT_MARKS = 60;

/** How far down the ladder. @param {Rung} rung */
export function depth(rung) {
  return RUNGS.indexOf(rung);
}

/**
 * What is known after the server's word; seats it did not name keep what was known of them.
 * @param {QualityState} known
 * @param {SeatQuality[]} seats
 * @param {number} at ms
 * @returns {QualityState}
 */
export function learnt(known, seats, at) {
  const told = seats.map(({ seat, up, down }) => {
    const before = known[seat];
    return [seat, { up: toldWay(before?.up, up, at), down: toldWay(before?.down, down, at) }];
  });
  return { ...known, ...Object.fromEntries(told) };
}

/**
 * @param {ToldWay | undefined} before
 * @param {Way} way
 * @param {number} at
 * @returns {ToldWay}
 */
function toldWay(before, way, at) {
  const cause = CAUSES[way.why.code] ?? "link";
  if (before?.rung === way.rung && before.cause === cause) return { ...way, cause, since: before.since, figure: before.figure };
  return { ...way, cause, since: before?.rung === way.rung ? before.since : at, figure: figureOf(way) };
}

/** In kbit/s. @param {Way} way */
function figureOf({ why, rate }) {
  return why.have ?? (rate === null ? null : rate / 1000);
}

/**
 * @param {QualityState} known
 * @param {Room} room
 * @returns {QualityState}
 */
export function onlyPresent(known, room) {
  return Object.fromEntries(Object.entries(known).filter(([seat]) => room.seats.some((one) => one.seat === seat)));
}

/**
 * What passes from one seat to another: the lesser of what one sends and the other receives, with
 * whose side (`from` or `to`) the limit is. Null while nothing is known.
 * @param {QualityState} known
 * @param {string} from
 * @param {string} to
 * @returns {Passage | null}
 */
export function passage(known, from, to) {
  const up = known[from]?.up;
  const down = known[to]?.down;
  const limit = limiting(up, down);
  if (!limit) return null;
  const { way, side } = limit;
  const rung = up && down && depth(up.rung) > depth(down.rung) ? up.rung : (down ?? way).rung;
  const cause = way.cause === "receiver" ? "link" : way.cause;
  return { rung, side, cause, why: way.why, figure: way.figure, since: way.since };
}

/**
 * @param {ToldWay | undefined} up
 * @param {ToldWay | undefined} down
 * @returns {{way: ToldWay, side: "from" | "to"} | null}
 */
function limiting(up, down) {
  if (!up || !down) return up ? { way: up, side: "from" } : down ? { way: down, side: "to" } : null;
  const lower = depth(up.rung) - depth(down.rung);
  // A sender told to send less because of its receivers is not what is in the way.
  const receivers = up.cause === "receiver" || (lower === 0 && up.cause === "fine");
  return lower >= 0 && !receivers ? { way: up, side: "from" } : { way: down, side: "to" };
}

/**
 * Whether the link itself of this seat holds back what it sends or gets.
 * @param {QualityState} known
 * @param {string} seat
 */
export function thin(known, seat) {
  const { up, down } = known[seat] ?? {};
  return [up, down].some((way) => way?.cause === "link" && depth(way.rung) > 0);
}

/**
 * Whether a picture changed for the worse or the better, to be told on it; null when not.
 * A climb out of the careful beginning is no news.
 * @param {Passage | null} before
 * @param {Passage | null} after
 * @param {number} at ms
 * @returns {Turn | null}
 */
export function turn(before, after, at) {
  if (!before || !after || before.rung === after.rung) return null;
  const { rung, cause, side } = after;
  if (depth(rung) > depth(before.rung)) return { way: "fall", rung, cause, side, at };
  return before.cause === "starting" ? null : { way: "climb", rung, cause: before.cause, side: before.side, at };
}

/**
 * What changed in the pictures which `mine` gets, by sender; what changed before stays told.
 * @param {{before: QualityState, after: QualityState, turns: Record<string, Turn>}} change
 * @param {string} mine
 * @param {number} at ms
 */
export function turned({ before, after, turns }, mine, at) {
  const senders = Object.keys(after).filter((seat) => seat !== mine);
  const found = senders.flatMap((seat) => {
    const now = turn(passage(before, seat, mine), passage(after, seat, mine), at);
    return now ? [[seat, now]] : [];
  });
  return { ...turns, ...Object.fromEntries(found) };
}

/**
 * The rungs of one's own link in order of time, for the last minutes.
 * @param {RungMark[]} marks
 * @param {QualityState[string] | undefined} own
 * @param {number} at ms
 * @returns {RungMark[]}
 */
export function marked(marks, own, at) {
  if (!own) return marks;
  const added = WAYS.filter((way) => marks.findLast((one) => one.way === way)?.rung !== own[way].rung);
  return [...marks, ...added.map((way) => ({ way, rung: own[way].rung, code: own[way].why.code, at }))].slice(-KEPT_MARKS);
}
