import assert from "node:assert/strict";
import { test } from "node:test";

import { begin, step } from "../../../web/static/js/call/state.js";
import { tiles } from "../../../web/static/js/call/tiles.js";
import { connectionOf, fallen, verdict } from "../../../web/static/js/call/verdict.js";

const CLINICIAN = { seat: "doc", kind: "clinician", host: true, member: true };
const DEVICES = { mic: "on", camera: "on", exam: "off", examKind: "camera" };
const person = (seat, more = {}) => ({ seat, name: seat, place: "", kind: "site", stage: "in", hand: false, mic: "on", camera: "on", exam: "off", connection: "good", ...more });
const way = (rung, code = "fine", have = null) => ({ rung, why: { code, have, need: null }, rate: null, spare: 0, queue: 0, loss: 0 });
const link = (seat, up, down = way("motion")) => ({ seat, up, down });

let rev = 0;
const room = (...seats) => ({ type: "room", room: { rev: (rev += 1), status: "in_call", locked: false, me: { stage: "in", consent: null }, seats: [person("doc"), ...seats], door: [] } });
const quality = (...seats) => ({ type: "quality", seats, at: 1000 });
const LIVE = [{ type: "line_up", at: 1 }, { type: "media", media: "up", at: 1 }, { type: "devices", devices: DEVICES }];
const play = (...events) => [...LIVE, ...events].reduce(step, begin(CLINICIAN));
const level = (...events) => verdict(play(...events)).level;

test("socket and media come before any rung", () => {
  const thin = [room(person("site")), quality(link("site", way("stills", "rate")))];
  assert.equal(level(...thin), "weak");
  assert.equal(level(...thin, { type: "line_down", at: 2 }), "unknown");
  assert.equal(level(...thin, { type: "media", media: "down", at: 2 }), "lost");
  assert.equal(verdict([{ type: "line_up", at: 1 }, room(person("site"))].reduce(step, begin(CLINICIAN))).level, "connecting");
});

test("who is not there cannot be judged", () => {
  assert.equal(level(room()), "alone");
  assert.equal(level(room(person("site", { connection: "lost" }))), "gone");
  assert.equal(level(room(person("site", { connection: "connecting" }))), "coming");
  assert.equal(level(room(person("site"))), "measuring");
  assert.equal(level(room(person("site")), quality(link("site", way("motion")))), "good");
});

test("a picture that stopped is not called good, nor told before a weak link", () => {
  const stopped = { type: "stopped", seats: ["site"] };
  assert.equal(level(room(person("site")), quality(link("site", way("motion"))), stopped), "stopped");
  assert.equal(level(room(person("site")), quality(link("site", way("slow", "rate"))), stopped), "weak");
  assert.equal(level(room(person("site")), quality(link("site", way("motion"))), stopped, { ...stopped, seats: [] }), "good");
});

test("one other person is named, several are not", () => {
  const who = (...seats) => verdict(play(room(...seats))).who?.seat ?? null;
  assert.equal(who(person("site")), "site");
  assert.equal(who(person("site", { connection: "lost" })), "site");
  assert.equal(who(person("site"), person("son")), null);
});

test("one who is there is judged although another is not", () => {
  const lost = person("son", { connection: "lost" });
  assert.equal(level(room(person("site"), lost), quality(link("site", way("motion")))), "good");
  assert.equal(level(room(lost, person("site", { connection: "connecting" }))), "gone");
  assert.equal(level(room(person("site"), person("son")), quality(link("site", way("motion")))), "good");
});

test("a silent microphone is not promised, on either side", () => {
  const told = play(room(person("site", { mic: "off" })), quality(link("site", way("slow", "rate"), way("slow", "rate"))));
  assert.deepEqual(verdict(told).lines.map((line) => [line.way, line.voice]), [["in", false], ["out", true]]);
  const camera = { type: "devices", devices: { ...DEVICES, camera: "off" } };
  assert.deepEqual(verdict(step(told, camera)).lines.map((line) => line.way), ["in"]);
  const exam = { type: "devices", devices: { ...DEVICES, camera: "off", exam: "on" } };
  assert.deepEqual(verdict(step(told, exam)).lines.map((line) => line.way), ["in", "out"]);
});

test("one weak direction makes the link weak, whatever holds the other", () => {
  assert.equal(level(room(person("site")), quality(link("site", way("slow", "choice"), way("slow", "rate")))), "weak");
});

test("loss without a lower rung is an unsteady link, one's own or the other's", () => {
  const good = quality(link("site", way("motion")));
  assert.equal(level(room(person("site", { connection: "weak" })), good), "unsteady");
  const mine = room(person("site"));
  mine.room.seats[0].connection = "weak";
  assert.equal(level(mine, good), "unsteady_mine");
});

test("each direction is told with whose side it is", () => {
  const { lines } = verdict(play(room(person("site")), quality(link("site", way("stills", "rate", 41), way("slow", "rate", 180)))));
  assert.deepEqual(lines.map((line) => [line.way, line.own, line.rung, line.figure]), [["in", false, "stills", 41], ["out", false, "slow", 180]]);
});

test("the same both ways is said once", () => {
  const { lines } = verdict(play(room(person("site")), quality(link("site", way("voice", "rate", 18), way("voice", "loss", 17)))));
  assert.deepEqual(lines.map((line) => [line.way, line.rung]), [["both", "voice"]]);
});

test("what the others see of this person comes first, with how often", () => {
  const plan = { n: 1, stills: { every: 8 } };
  const state = play(room(person("site")), quality(link("doc", way("stills", "rate", 40), way("slow", "rate", 90))), { type: "plan", session: "m", plan });
  const { lines } = verdict(state);
  assert.deepEqual(lines.map((line) => [line.way, line.own, line.rung, line.every]), [["out", true, "stills", 8], ["in", true, "slow", null]]);
});

test("an older plan of the same session is ignored, another session begins anew", () => {
  const plan = (session, n, every) => ({ type: "plan", session, plan: { n, stills: { every } } });
  const state = play(plan("m", 3, 8), plan("m", 2, 4), plan("m", 3, 5));
  assert.equal(state.plan.stills.every, 8);
  assert.equal(step(state, plan("m2", 1, 6)).plan.stills.every, 6);
});

test("of several, the one worst served is told of, and `all` only of one's own side", () => {
  const seats = [person("site"), person("son")];
  const state = play(room(...seats), quality(link("site", way("slow", "rate")), link("son", way("voice", "rate"))));
  assert.equal(verdict(state).lines[0].who.seat, "son");
  assert.equal(verdict(state).lines[0].all, false);
  const mine = play(room(...seats), quality(link("doc", way("stills", "rate"))));
  assert.equal(verdict(mine).lines[0].all, true);
  const got = play(...[room(...seats), quality(link("doc", way("motion"), way("stills", "rate")))], { type: "plan", session: "m", plan: { n: 1, stills: { every: 8 } } });
  const [{ way: inward, all, every }] = verdict(got).lines;
  assert.deepEqual([inward, all, every], ["in", false, null]);
  assert.equal(verdict(step(mine, room(person("site")))).lines[0].all, false);
});

test("a picture nobody sends is not badly carried, but a lost voice is", () => {
  const off = room(person("site", { camera: "off" }));
  assert.equal(level(off, quality(link("site", way("voice", "rate")))), "good");
  assert.equal(level(off, quality(link("site", way("text", "rate")))), "weak");
});

test("a choice, a processor and a ceiling reduce a picture without blaming the link", () => {
  for (const code of ["choice", "processor", "ceiling", "starting", "climbing"]) assert.equal(level(room(person("site")), quality(link("site", way("sharp", code)))), "reduced", code);
});

test("another act is offered from voice alone down, and during a cut", () => {
  const at = (seat, up, down) => fallen(play(room(person("site")), quality(link(seat, way(up, "rate"), way(down, "rate")))));
  assert.deepEqual(["slow", "stills", "voice", "text"].map((rung) => at("site", rung, "motion")?.code), [undefined, undefined, "voice", "text"]);
  assert.deepEqual(at("doc", "voice", "stills"), { code: "voice", own: true });
  assert.deepEqual(at("doc", "text", "voice"), { code: "text", own: true });
  assert.deepEqual(at("doc", "voice", "voice"), { code: "voice", own: false });
  assert.equal(at("site", "stills", "voice"), null);
  assert.equal(fallen(play(room(person("site", { connection: "lost" })))).code, "none");
  assert.equal(fallen(play(room(person("site")))), null);
  assert.equal(fallen(play(room(person("site")), { type: "media", media: "down", at: 2 })).code, "none");
});

test("a thin link is a weak one, on tiles and in lists", () => {
  const state = play(room(person("site")), quality(link("site", way("slow", "rate"))));
  assert.equal(connectionOf(state, person("site")), "weak");
  assert.equal(connectionOf(state, person("site", { connection: "lost" })), "lost");
  const [tile] = tiles(state).featured;
  assert.deepEqual([tile.connection, tile.passage.rung, tile.choosing, tile.matter], ["weak", "slow", true, "speech"]);
});

test("a fall is news on the tile it happened to", () => {
  const state = play(room(person("site")), quality(link("site", way("motion")), link("doc", way("motion"))), { ...quality(link("site", way("stills", "rate"))), at: 5000 });
  assert.deepEqual(tiles(state).featured[0].turn, { way: "fall", rung: "stills", cause: "link", side: "from", at: 5000 });
});

test("whoever is told of before they are seen is judged once seen", () => {
  for (const who of ["site", "doc"]) {
    const { lines } = verdict(play(room(), quality(link(who, way("voice", "rate"))), room(person("site"))));
    assert.deepEqual(lines.map((line) => line.rung), ["voice"], who);
  }
});

test("news of the room leave alone what is said", () => {
  const before = play(room(person("site")), quality(link("site", way("stills", "rate", 41))));
  const later = step(before, room(person("site", { hand: true })));
  assert.deepEqual(later.pairs, before.pairs);
});

test("whoever left is forgotten", () => {
  const state = play(room(person("site")), quality(link("site", way("voice", "rate"))), room());
  assert.deepEqual(state.quality, {});
});

test("what matters is the voice until a clinician says otherwise, picture by picture", () => {
  const said = room(person("site", { exam: "on" }));
  said.room.matters = { "site/exam": "detail" };
  const state = play(said);
  assert.deepEqual(tiles(state).featured.map((tile) => tile.matter), ["speech", "detail"]);
  said.room.matters = { "site/camera": "motion" };
  assert.equal(tiles(play({ ...said, room: { ...said.room, rev: (rev += 1) } })).featured[0].matter, "motion");
  assert.equal(tiles({ ...state, context: { ...CLINICIAN, kind: "second_clinician", host: false } }).featured[0].choosing, true);
  assert.equal(tiles({ ...state, context: { ...CLINICIAN, kind: "site" } }).featured[0].choosing, true);
  assert.equal(tiles({ ...state, context: { ...CLINICIAN, kind: "family", host: false } }).featured[0].choosing, false);
});
