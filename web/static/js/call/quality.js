/**
 * What passes between two seats, and why: the server's `quality`, read for one pair at a time.
 *
 * Pure, like `state.js`. What words are built on is kept as it was while the rung holds, so that
 * they stay still while estimates move. Guesses nothing: unknown is null.
 */

/** @import { Cause, Pair, Passage, QualityState, Reason, ReasonCode, Room, Rung, RungMark, Said, SeatQuality, Turn, Way } from "../../../types/call.d.ts" */

/** From the best to the least. @type {Rung[]} */
export const RUNGS = ["motion", "slow", "sharp", "stills", "voice", "text"];

/** What kind of reason a code is; words change with the kind, not with each code. @type {Record<ReasonCode, Cause>} */
const CAUSES = {
  fine: "fine",
  rate: "link",
  loss: "link",
  delay: "link",
  climbing: "climbing",
  starting: "starting",
  choice: "choice",
  processor: "processor",
  ceiling: "ceiling",
  receiver: "receiver",
};

/** @type {Cause[]} */
const OF_LINK = ["link", "climbing"];

/** @type {Reason} */
const HELD = { code: "rate", have: null, need: null };

/** How long words stand on one rung before another reason, or another side, may replace them. */
export const SETTLED_MS = 10_000;

/** @type {("up" | "down")[]} */
const WAYS = ["up", "down"];
const KEPT_MARKS = 60;

/** How far down the ladder. @param {Rung} rung */
export function depth(rung) {
  return RUNGS.indexOf(rung);
}

/** @param {Way} way */
function causeOf({ why }) {
  return CAUSES[why.code] ?? "link";
}

/**
 * What is known after the server's word; seats it did not name keep what was known of them.
 * @param {QualityState} known
 * @param {SeatQuality[]} seats
 * @returns {QualityState}
 */
export function learnt(known, seats) {
  return { ...known, ...Object.fromEntries(seats.map(({ seat, up, down }) => [seat, { up, down }])) };
}

/**
 * Only what belongs to seats of the room.
 * @template Known
 * @param {Record<string, Known>} known by seat
 * @param {Room} room
 * @returns {Record<string, Known>}
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
  // The receiver's own word may come a second after the sender's, which says it is held back.
  const unsaid = depth(way.rung) < depth(rung) || causeOf(way) === "receiver";
  const figure = way.why.have ?? (way.rate === null ? null : way.rate / 1000);
  return { rung, side, cause: unsaid ? "link" : causeOf(way), why: unsaid ? HELD : way.why, figure: unsaid ? null : figure };
}

/**
 * @param {Way | undefined} up
 * @param {Way | undefined} down
 * @returns {{way: Way, side: "from" | "to"} | null}
 */
function limiting(up, down) {
  if (!up || !down) return up ? { way: up, side: "from" } : down ? { way: down, side: "to" } : null;
  const lower = depth(up.rung) - depth(down.rung);
  // A sender told to send less because of its receivers is not what is in the way.
  const receivers = causeOf(up) === "receiver" || (lower === 0 && causeOf(up) === "fine");
  return lower >= 0 && !receivers ? { way: up, side: "from" } : { way: down, side: "to" };
}

/**
 * What is said of a passage: as it was said before while the rung holds, but for a while only.
 * @param {Said | null} before
 * @param {Passage | null} now
 * @param {number} at ms
 * @returns {Said | null}
 */
export function settled(before, now, at) {
  if (!now) return null;
  if (!before || before.rung !== now.rung) return { ...now, cause: rising(before, now) ? "climbing" : now.cause, settled: at };
  const same = before.side === now.side && before.cause === now.cause;
  return same || at - before.settled < SETTLED_MS ? before : { ...now, settled: at };
}

/**
 * A step up is told as such, whatever held the rung below.
 * @param {Said | null} before
 * @param {Passage} now
 */
function rising(before, now) {
  return before !== null && depth(now.rung) < depth(before.rung) && now.cause === "link";
}

/**
 * What is said of each other seat, both ways.
 * @param {Record<string, Pair>} before
 * @param {QualityState} known
 * @param {{mine: string, seats: string[]}} people
 * @param {number} at ms
 * @returns {Record<string, Pair>}
 */
export function pairs(before, known, { mine, seats }, at) {
  const found = seats.map((seat) => [
    seat,
    {
      in: settled(before[seat]?.in ?? null, passage(known, seat, mine), at),
      out: settled(before[seat]?.out ?? null, passage(known, mine, seat), at),
    },
  ]);
  return Object.fromEntries(found);
}

/**
 * Whether the link itself of this seat holds back what it sends or gets.
 * @param {QualityState} known
 * @param {string} seat
 */
export function thin(known, seat) {
  const { up, down } = known[seat] ?? {};
  return [up, down].some((way) => way && OF_LINK.includes(causeOf(way)) && depth(way.rung) > 0);
}

/**
 * Whether a picture changed for the worse or the better, to be told on it; null when not.
 * A climb out of the careful beginning is no news.
 * @param {Passage | null | undefined} before
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
 * What changed in the pictures one gets, by sender; what changed before stays told.
 * @param {Record<string, Turn>} turns
 * @param {Record<string, Pair>} before
 * @param {Record<string, Pair>} after
 * @param {number} at ms
 * @returns {Record<string, Turn>}
 */
export function turned(turns, before, after, at) {
  const found = Object.entries(after).map(([seat, pair]) => [seat, turn(before[seat]?.in, pair.in, at) ?? turns[seat]]);
  return Object.fromEntries(found.filter(([, news]) => news));
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
