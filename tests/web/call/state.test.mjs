import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asksConsent,
  banner,
  begin,
  lastMessage,
  ownConnection,
  phase,
  step,
  unread,
} from "../../../web/static/js/call/state.js";

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

test("the journey goes from the device page through the door to the call", () => {
  let state = play(RELATIVE, up, room("ready"));
  assert.equal(phase(state), "device");
  state = step(state, { type: "knock" });
  assert.equal(phase(state), "door");
  state = step(state, room("door"));
  assert.equal(phase(state), "door");
  assert.equal(state.knock, null);
  state = step(state, room("in"));
  assert.equal(phase(state), "call");
  assert.equal(state.wanting, false);
});

test("a page opened anew goes straight back into the call", () => {
  assert.equal(phase(play(RELATIVE, up, room("in"))), "call");
});

test("a page opened anew after leaving or a refusal starts at the device page", () => {
  for (const stage of ["left", "refused"])
    assert.equal(phase(play(RELATIVE, up, room(stage))), "device", stage);
});

test("whoever is refused, leaves or is removed while there is told so", () => {
  assert.equal(play(RELATIVE, up, room("door"), room("refused")).over.why, "refused");
  assert.equal(play(RELATIVE, up, room("in"), room("left")).over.why, "left");
  assert.equal(play(RELATIVE, up, room("in"), room("removed")).over.why, "removed");
});

test("a refusal at the door is told to whoever knocked", () => {
  const state = play(RELATIVE, up, room("ready"), { type: "knock" }, room("door"), room("refused"));
  assert.equal(state.over.why, "refused");
  assert.equal(state.wanting, false);
});

test("a refused person who knocks again is at the door, not still refused", () => {
  const state = play(RELATIVE, up, room("door"), room("refused"), { type: "knock" }, room("refused"));
  assert.equal(phase(state), "door");
});

test("coming back after leaving starts at the device page again", () => {
  const left = play(RELATIVE, up, room("in"), { type: "leave" }, room("left"), { type: "back" });
  assert.equal(phase(left), "device");
  assert.equal(phase(step(left, room("left"))), "device");
});

test("leaving during a cut holds, although the server still believes this seat in", () => {
  const state = play(RELATIVE, up, room("in"), { type: "line_down", at: 2 }, { type: "leave" }, up, room("in"));
  assert.equal(state.over.why, "left");
  assert.equal(step(state, room("left")).leaving, false);
});

test("the end of the consultation ends the journey at every stage, and a reopening undoes it", () => {
  for (const stage of ["ready", "door", "in"]) {
    const ended = play(RELATIVE, up, room(stage), room("left", { status: "ended" }));
    assert.equal(ended.over.why, "ended");
    assert.equal(phase(step(ended, room("ready", { status: "open" }))), "device");
  }
});

test("superseded, revoked and unknown are final, whatever is heard after", () => {
  for (const event of [{ type: "superseded" }, { type: "revoked" }, { type: "line_refused" }]) {
    const state = play(RELATIVE, up, room("in"), event, room("in"));
    assert.equal(phase(state), "over", event.type);
    assert.equal(phase(step(state, { type: "back" })), "over");
  }
});

test("a locked or full room keeps one at the door, to knock again", () => {
  for (const code of ["locked", "full"]) {
    const state = play(RELATIVE, up, room("ready"), { type: "knock" }, { type: "knock_answer", code });
    assert.equal(phase(state), "door");
    assert.equal(state.knock, code);
    assert.equal(state.wanting, false);
  }
});

test("news of the room do not send away whoever came back to find it locked", () => {
  const left = play(RELATIVE, up, room("in"), { type: "leave" }, room("left"), { type: "back" });
  const locked = [{ type: "knock" }, { type: "knock_answer", code: "locked" }, room("left")].reduce(step, left);
  assert.equal(phase(locked), "door");
});

test("an older room is ignored, but after a new connection the server's word counts", () => {
  const state = play(RELATIVE, up, { ...room("in"), room: { ...room("in").room, rev: 90 } });
  const late = { type: "room", room: { ...state.room, rev: 12, me: { stage: "left" } } };
  assert.equal(phase(step(state, late)), "call");
  assert.equal(phase(step(step(state, up), late)), "over");
});

test("only the patient's side is asked for consent", () => {
  const asked = (context) => asksConsent(begin(context));
  for (const kind of ["site", "patient", "family", "escort"]) assert.equal(asked({ ...RELATIVE, kind }), true, kind);
  for (const kind of ["clinician", "second_clinician", "interpreter"]) assert.equal(asked({ ...RELATIVE, kind }), false, kind);
});

test("a consent given here is not undone by a server that has not heard of it yet", () => {
  const state = play(RELATIVE, { type: "consent", given: false }, up, room("ready"));
  assert.equal(state.consent, false);
  assert.equal(play(RELATIVE, up, room("ready", { me: { stage: "ready", consent: true } })).consent, true);
});

test("messages are in order and once", () => {
  const said = (number) => ({ type: "message", message: { number, seat: "doc", text: `${number}` } });
  const state = play(RELATIVE, said(2), said(1), said(2), said(3));
  assert.deepEqual(state.messages.map((one) => one.number), [1, 2, 3]);
  assert.equal(lastMessage(state), 3);
});

test("unread counts others' messages above the last read", () => {
  const said = (number, who) => ({ type: "message", message: { number, seat: who, text: "" } });
  const state = play(RELATIVE, said(1, "doc"), said(2, "fam"), said(3, "doc"));
  assert.equal(unread(state), 2);
  assert.equal(unread(step(state, { type: "read", number: 1 })), 1);
});

test("what is lost is told apart: the line, the media, both", () => {
  const good = play(RELATIVE, up, room("in"), { type: "media", media: "up", at: 1 });
  assert.equal(banner(good), null);
  assert.equal(ownConnection(good), "good");
  const line = step(good, { type: "line_down", at: 2 });
  assert.deepEqual([banner(line), ownConnection(line)], ["line_lost", "weak"]);
  const doubtful = step(line, { type: "media", media: "up", doubt: true, at: 3 });
  assert.equal(banner(doubtful), "all_lost", "nobody says that sound goes on while nothing comes");
  assert.equal(banner(step(doubtful, { type: "media", media: "up", doubt: false, at: 3 })), "line_lost");
  const both = step(line, { type: "media", media: "down", at: 3 });
  assert.deepEqual([banner(both), ownConnection(both)], ["all_lost", "lost"]);
  const media = step(both, up);
  assert.deepEqual([banner(media), ownConnection(media)], ["media_lost", "lost"]);
});

test("while the line is up, the server's word on our own packets counts", () => {
  const lost = [seat("fam", { connection: "lost" })];
  const state = play(RELATIVE, up, room("in", { seats: lost }), { type: "media", media: "up", at: 1 });
  assert.deepEqual([banner(state), ownConnection(state)], ["media_lost", "lost"]);
});

test("whoever a server forgot in the middle of a call asks to come in again", () => {
  const state = play(RELATIVE, up, room("in"), room("ready"));
  assert.equal(state.wanting, true);
  assert.equal(phase(state), "door");
  assert.equal(play(RELATIVE, up, room("in"), { type: "leave" }, room("left"), room("ready")).wanting, false);
});

test("a lost device is told in the call", () => {
  const state = play(RELATIVE, up, room("in"), { type: "media", media: "up", at: 1 });
  const lost = step(state, { type: "devices", devices: { mic: "lost", camera: "on", exam: "off" } });
  assert.equal(banner(lost), "mic_lost");
});

test("a locked room is told to members as long as nothing worse is to be said", () => {
  const locked = [up, room("in", { locked: true }), { type: "media", media: "up", at: 1 }];
  const member = play({ ...RELATIVE, kind: "site", member: true }, ...locked);
  assert.equal(banner(member), "locked");
  assert.equal(banner(play(RELATIVE, ...locked)), null);
  assert.equal(banner(step(member, { type: "line_down", at: 2 })), "line_lost");
  assert.equal(banner(step(member, room("in"))), null);
});

test("an event nobody defined is our mistake", () => {
  assert.throws(() => step(begin(RELATIVE), { type: "whatever" }), TypeError);
});
