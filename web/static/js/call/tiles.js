/**
 * Which pictures to show, how large, from which slot of the offer. Pure, like `state.js`.
 */

import { others } from "./state.js";
import { connectionOf, received } from "./verdict.js";

/** @import { Picture, SeatRow, Slot, State, TileRow } from "../../../types/call.d.ts" */

const PERSON_SLOTS = 5;
/** Who says what matters in a picture, besides hosts. */
const CLINICIANS = ["clinician", "second_clinician"];

/**
 * The tiles of the call: `{featured, strip}`, each a list of tiles in a steady order.
 * Featured are the person looked at and every second picture; the rest waits in the strip.
 * @param {State} state
 * @returns {{featured: TileRow[], strip: TileRow[]}}
 */
export function tiles(state) {
  const people = others(state).map((seat) => personTile(state, seat));
  const exams = others(state)
    .filter((seat) => seat.exam === "on")
    .map((seat) => examTile(state, seat));
  const main = people.find((tile) => tile.id === state.pinned) ?? counterpart(state, people);
  return {
    featured: [...(main ? [main] : []), ...exams],
    strip: people.filter((tile) => tile !== main),
  };
}

/**
 * Whom one came to see: the clinician looks at the site or patient, everybody else at the host.
 * @param {State} state
 * @param {TileRow[]} people
 */
function counterpart(state, people) {
  const wanted = state.context.host ? ["site", "patient"] : ["clinician", "site"];
  for (const kind of wanted) {
    const found = people.find((tile) => tile.kind === kind);
    if (found) return found;
  }
  return people.find((tile) => tile.host) ?? people[0];
}

/**
 * @param {State} state
 * @param {SeatRow} seat
 * @returns {TileRow}
 */
function personTile(state, seat) {
  const slot = slotOf(state, seat.seat, "person");
  return {
    id: seat.seat,
    sort: "person",
    ...seat,
    ...carriage(state, seat, "camera"),
    speaking: state.speaker === seat.seat,
    pinned: state.pinned === seat.seat,
    audio: slot === null ? null : `a${slot}`,
    video: slot === null ? null : `v${slot}`,
  };
}

/**
 * @param {State} state
 * @param {SeatRow} seat
 * @returns {TileRow}
 */
function examTile(state, seat) {
  const slot = slotOf(state, seat.seat, "exam");
  return {
    id: `${seat.seat}:exam`,
    sort: "exam",
    ...seat,
    ...carriage(state, seat, "exam"),
    video: slot === null ? null : `x${slot - PERSON_SLOTS}`,
  };
}

/**
 * What matters in a picture: the voice beside it, until somebody says otherwise.
 * @param {State} state
 * @param {string} seat
 * @param {Picture} source
 */
export function matterOf(state, seat, source) {
  return state.room?.matters?.[`${seat}/${source}`] ?? "speech";
}

/**
 * How this picture is carried, and who may say what matters in it.
 * @param {State} state
 * @param {SeatRow} seat
 * @param {Picture} source
 */
function carriage(state, seat, source) {
  const { host, kind, member } = state.context;
  return {
    connection: connectionOf(state, seat),
    passage: received(state, seat.seat),
    turn: state.turns[seat.seat] ?? null,
    matter: matterOf(state, seat.seat, source),
    asking: member,
    choosing: host || CLINICIANS.includes(kind),
  };
}

/**
 * @param {State} state
 * @param {string} seat
 * @param {Slot["kind"]} kind
 */
function slotOf(state, seat, kind) {
  const slots = state.session ? (state.slots[state.session] ?? []) : [];
  return slots.find((slot) => slot.seat === seat && slot.kind === kind)?.slot ?? null;
}
