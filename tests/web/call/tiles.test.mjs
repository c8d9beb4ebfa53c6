import assert from "node:assert/strict";
import { test } from "node:test";

import { begin, step } from "../../../web/static/js/call/state.js";
import { tiles } from "../../../web/static/js/call/tiles.js";

const CLINICIAN = { seat: "doc", kind: "clinician", host: true, member: true };
const RELATIVE = { seat: "fam", kind: "family", host: false, member: false };

const seat = (id, more = {}) => ({
  seat: id,
  name: id,
  place: "",
  kind: "family",
  stage: "in",
  host: false,
  hand: false,
  mic: "on",
  camera: "on",
  exam: "off",
  exam_kind: "camera",
  connection: "good",
  lost_at: null,
  consent: null,
  ...more,
});

let rev = 0;
const room = (stage, more = {}) => ({
  type: "room",
  room: { rev: (rev += 1), status: "in_call", locked: false, me: { stage, consent: null }, seats: [], door: [], ...more },
});
const up = { type: "line_up", at: 1 };
const play = (context, ...events) => events.reduce(step, begin(context));

test("the clinician sees the site large, the relative sees the host large", () => {
  const seats = [seat("fam"), seat("doc", { kind: "clinician", host: true }), seat("site", { kind: "site" })];
  const large = (context) => tiles(play(context, up, room("in", { seats }))).featured[0].id;
  assert.equal(large(CLINICIAN), "site");
  assert.equal(large(RELATIVE), "doc");
});

test("a pinned person is large until released or gone", () => {
  const seats = [seat("doc"), seat("site", { kind: "site" }), seat("fam")];
  const pinned = play(CLINICIAN, up, room("in", { seats }), { type: "pin", tile: "fam" });
  assert.equal(tiles(pinned).featured[0].id, "fam");
  assert.equal(tiles(step(pinned, { type: "pin", tile: "fam" })).featured[0].id, "site");
  assert.equal(tiles(step(pinned, room("in", { seats: seats.slice(0, 2) }))).featured[0].id, "site");
});

test("a second picture stands beside the first, with its own line of the offer", () => {
  const seats = [seat("doc"), seat("site", { kind: "site", exam: "on" })];
  const slots = [
    { slot: 0, seat: "site", kind: "person" },
    { slot: 6, seat: "site", kind: "exam" },
  ];
  const state = play(CLINICIAN, up, room("in", { seats }), { type: "session", session: "s" }, { type: "slots", session: "s", slots });
  const [person, exam] = tiles(state).featured;
  assert.deepEqual([person.audio, person.video], ["a0", "v0"]);
  assert.deepEqual([exam.sort, exam.video], ["exam", "x1"]);
});

test("slots of a session which is not yet in use do not show", () => {
  const seats = [seat("doc"), seat("site")];
  const slots = [{ slot: 3, seat: "site", kind: "person" }];
  const before = play(CLINICIAN, up, room("in", { seats }), { type: "session", session: "old" }, { type: "slots", session: "new", slots });
  assert.equal(tiles(before).featured[0].video, null);
  const after = step(before, { type: "session", session: "new" });
  assert.equal(tiles(after).featured[0].video, "v3");
});
