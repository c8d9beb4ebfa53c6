import assert from "node:assert/strict";
import { test } from "node:test";

import { learnt, marked, onlyPresent, pairs, passage, RUNGS, settled, SETTLED_MS, thin, turn, turned } from "../../../web/static/js/call/quality.js";

const way = (rung, code = "fine", have = null, more = {}) => ({ rung, why: { code, have, need: null }, rate: null, spare: 0, queue: 0, loss: 0, ...more });
const seat = (name, up, down = way("motion")) => ({ seat: name, up, down });
const known = (...seats) => learnt({}, seats);

test("what passes is the lesser of what one sends and the other gets", () => {
  for (const [sent, got] of RUNGS.flatMap((one) => RUNGS.map((other) => [one, other]))) {
    const { rung, side } = passage(known(seat("site", way(sent, "rate")), seat("doc", way("motion"), way(got, "rate"))), "site", "doc");
    assert.equal(rung, RUNGS[Math.max(RUNGS.indexOf(sent), RUNGS.indexOf(got))], `${sent} ${got}`);
    assert.equal(side, RUNGS.indexOf(got) > RUNGS.indexOf(sent) ? "to" : "from", `${sent} ${got}`);
  }
});

test("one side known is enough, and none is nothing", () => {
  const site = known(seat("site", way("stills", "rate", 40)));
  assert.deepEqual([passage(site, "site", "doc").rung, passage(site, "doc", "site").side], ["stills", "to"]);
  assert.equal(passage({}, "site", "doc"), null);
});

test("a sender held back by its receiver is not the one in the way", () => {
  const quality = known(seat("site", way("sharp", "receiver")), seat("doc", way("motion"), way("sharp", "rate", 60)));
  const { rung, side, cause, figure } = passage(quality, "site", "doc");
  assert.deepEqual([rung, side, cause, figure], ["sharp", "to", "link", 60]);
  const alone = passage(known(seat("site", way("slow", "receiver")), seat("doc", way("motion"), way("motion"))), "site", "doc");
  assert.deepEqual([alone.rung, alone.side], ["slow", "to"]);
});

test("a receiver that has not said yet what the sender says of it is not called fine", () => {
  const early = passage(known(seat("doc", way("sharp", "receiver", 591)), seat("site", way("motion"), way("motion", "fine", 3395))), "doc", "site");
  assert.deepEqual([early.side, early.rung, early.cause, early.figure, early.why.code], ["to", "sharp", "link", null, "rate"]);
  const said = passage(known(seat("doc", way("sharp", "receiver", 591)), seat("site", way("motion"), way("sharp", "ceiling", 106))), "doc", "site");
  assert.deepEqual([said.side, said.cause, said.figure], ["to", "ceiling", 106]);
});

test("a step up is told as a climb, a step down by its cause", () => {
  const low = settled(null, { rung: "stills", side: "to", cause: "link", figure: 30 }, 0);
  assert.equal(settled(low, { ...low, rung: "sharp" }, 1).cause, "climbing");
  assert.equal(settled(low, { ...low, rung: "voice" }, 1).cause, "link");
  assert.equal(settled(low, { ...low, rung: "sharp", cause: "choice" }, 1).cause, "choice");
  const risen = settled(low, { ...low, rung: "sharp" }, 1);
  assert.equal(settled(risen, { ...low, rung: "sharp" }, 1 + SETTLED_MS).cause, "link");
});

test("on the same rung whoever has a reason of their own is in the way", () => {
  const between = (up, down) => passage(known(seat("site", way("slow", up)), seat("doc", way("motion"), way("slow", down))), "site", "doc").side;
  assert.deepEqual([between("fine", "rate"), between("rate", "rate"), between("rate", "fine"), between("receiver", "rate")], ["to", "from", "from", "to"]);
  const lower = passage(known(seat("site", way("stills", "fine")), seat("doc", way("motion"), way("slow", "rate"))), "site", "doc");
  assert.deepEqual([lower.side, lower.rung], ["from", "stills"]);
});

test("each code is a kind of reason; one nobody knows is laid at the link's door", () => {
  const kinds = { fine: "fine", rate: "link", loss: "link", delay: "link", climbing: "climbing", starting: "starting", choice: "choice", processor: "processor", ceiling: "ceiling", receiver: "receiver", whatever: "link" };
  for (const [code, cause] of Object.entries(kinds)) assert.equal(passage(known(seat("site", way("slow", code))), "site", "doc").cause, cause === "receiver" ? "link" : cause, code);
});

test("only those present are kept", () => {
  const all = known(seat("site", way("motion")), seat("son", way("motion")));
  assert.deepEqual(Object.keys(onlyPresent(all, { seats: [{ seat: "doc" }, { seat: "son" }] })), ["son"]);
});

test("what is said stands still while the estimate moves, and changes with the rung", () => {
  const at = (rung, code, have) => passage(known(seat("site", way(rung, code, have))), "site", "doc");
  const first = settled(null, at("stills", "rate", 41), 1000);
  const later = settled(first, at("stills", "loss", 47), 90_000);
  assert.deepEqual([later.figure, later.settled], [41, 1000]);
  const fallen = settled(later, at("voice", "rate", 17), 90_001);
  assert.deepEqual([fallen.figure, fallen.settled], [17, 90_001]);
  assert.equal(settled(fallen, null, 90_002), null);
});

test("another kind of reason or another side on the same rung waits its turn", () => {
  const link = settled(null, { rung: "sharp", side: "from", cause: "link", figure: 60 }, 1000);
  for (const now of [{ ...link, cause: "ceiling" }, { ...link, side: "to" }]) {
    assert.equal(settled(link, now, 1000 + SETTLED_MS - 1), link);
    assert.deepEqual(settled(link, now, 1000 + SETTLED_MS), { ...now, settled: 1000 + SETTLED_MS });
  }
  assert.equal(SETTLED_MS, 10_000);
});

test("without a figure in the reason the estimate stands in, in kbit/s", () => {
  const figure = (up) => passage(known(seat("site", up)), "site", "doc").figure;
  assert.equal(figure(way("slow", "rate", 150, { rate: 180_000 })), 150);
  assert.equal(figure(way("slow", "rate", null, { rate: 180_000 })), 180);
  assert.equal(figure(way("slow", "rate")), null);
});

test("a seat the server does not name keeps what was known of it", () => {
  const both = learnt(known(seat("site", way("voice", "rate"))), [seat("son", way("motion"))]);
  assert.equal(both.site.up.rung, "voice");
});

test("a link is thin when it holds a direction back, not when a choice or a receiver does", () => {
  assert.equal(thin(known(seat("site", way("slow", "loss"))), "site"), true);
  assert.equal(thin(known(seat("site", way("motion"), way("slow", "climbing"))), "site"), true);
  for (const code of ["choice", "receiver", "processor", "ceiling", "starting"])
    assert.equal(thin(known(seat("site", way("stills", code))), "site"), false, code);
  assert.equal(thin(known(seat("site", way("motion", "rate"))), "site"), false);
  assert.equal(thin({}, "site"), false);
});

test("a fall carries its own reason, a climb the reason that is over", () => {
  const passes = (rung, cause = "link") => ({ rung, side: "from", cause });
  assert.deepEqual(turn(passes("motion"), passes("stills"), 9), { way: "fall", rung: "stills", cause: "link", side: "from", at: 9 });
  assert.deepEqual(turn(passes("stills", "processor"), passes("slow", "fine"), 9), { way: "climb", rung: "slow", cause: "processor", side: "from", at: 9 });
  assert.equal(turn(passes("slow"), passes("slow", "choice"), 9), null);
  assert.equal(turn(null, passes("slow"), 9), null);
  assert.equal(turn(passes("sharp", "starting"), passes("motion", "fine"), 9), null);
});

test("only the pictures one gets are news, and old news stay told of whoever is there", () => {
  const told = (quality, before = {}) => pairs(before, quality, { mine: "doc", seats: ["site", "son"] }, 1000);
  const before = told(known(seat("site", way("motion")), seat("son", way("motion")), seat("doc", way("motion"))));
  const after = told(known(seat("site", way("stills", "rate")), seat("son", way("motion")), seat("doc", way("voice", "rate"))), before);
  const turns = turned({ son: "old", gone: "old" }, before, after, 2000);
  assert.deepEqual([Object.keys(turns).sort(), turns.site.rung, turns.son], [["site", "son"], "stills", "old"]);
  assert.deepEqual([after.site.in.rung, after.site.out.rung, after.son.out.side], ["stills", "voice", "from"]);
});

test("one's own rungs are marked when they change, and only so many are kept", () => {
  let marks = [];
  const own = (up, down) => learnt({}, [seat("doc", way(up), way(down))]).doc;
  marks = marked(marks, own("motion", "motion"), 1);
  marks = marked(marks, own("motion", "slow"), 2);
  marks = marked(marks, own("motion", "slow"), 3);
  assert.deepEqual(marks.map(({ way: one, rung, at }) => [one, rung, at]), [["up", "motion", 1], ["down", "motion", 1], ["down", "slow", 2]]);
  for (let at = 4; at < 200; at += 1) marks = marked(marks, own("motion", at % 2 ? "slow" : "motion"), at);
  assert.equal(marks.at(-1).code, "fine");
  assert.equal(marks.length, 60);
  assert.equal(marks.at(-1).at, 199);
});
