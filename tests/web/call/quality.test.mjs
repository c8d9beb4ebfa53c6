import assert from "node:assert/strict";
import { test } from "node:test";

import { learnt, marked, onlyPresent, passage, RUNGS, thin, turn, turned } from "../../../web/static/js/call/quality.js";

const way = (rung, code = "fine", have = null, more = {}) => ({ rung, why: { code, have, need: null }, rate: null, spare: 0, queue: 0, loss: 0, ...more });
const seat = (name, up, down = way("motion")) => ({ seat: name, up, down });
const known = (...seats) => learnt({}, seats, 1000);

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

test("on the same rung whoever has a reason of their own is in the way", () => {
  const between = (up, down) => passage(known(seat("site", way("slow", up)), seat("doc", way("motion"), way("slow", down))), "site", "doc").side;
  assert.deepEqual([between("fine", "rate"), between("rate", "rate"), between("rate", "fine"), between("receiver", "rate")], ["to", "from", "from", "to"]);
  const lower = passage(known(seat("site", way("stills", "fine")), seat("doc", way("motion"), way("slow", "rate"))), "site", "doc");
  assert.deepEqual([lower.side, lower.rung], ["from", "stills"]);
});

test("each code is a kind of reason; one nobody knows is laid at the link's door", () => {
  const kinds = { fine: "fine", rate: "link", loss: "link", delay: "link", climbing: "link", starting: "starting", choice: "choice", processor: "processor", ceiling: "ceiling", receiver: "receiver", whatever: "link" };
  for (const [code, cause] of Object.entries(kinds)) assert.equal(known(seat("site", way("slow", code))).site.up.cause, cause, code);
  assert.equal(passage(known(seat("site", way("slow", "receiver"))), "site", "doc").cause, "link");
});

test("only those present are kept", () => {
  const all = known(seat("site", way("motion")), seat("son", way("motion")));
  assert.deepEqual(Object.keys(onlyPresent(all, { seats: [{ seat: "doc" }, { seat: "son" }] })), ["son"]);
});

test("a figure stands as it was when the rung changed, while the estimate moves", () => {
  const first = learnt({}, [seat("site", way("stills", "rate", 41))], 1000);
  const later = learnt(first, [seat("site", way("stills", "loss", 47, { rate: 47_000 }))], 2000);
  assert.deepEqual([later.site.up.figure, later.site.up.since, later.site.up.rate], [41, 1000, 47_000]);
  const fallen = learnt(later, [seat("site", way("voice", "rate", 17))], 3000);
  assert.deepEqual([fallen.site.up.figure, fallen.site.up.since], [17, 3000]);
});

test("another kind of reason at the same rung is told, with its own figure", () => {
  const first = learnt({}, [seat("site", way("sharp", "rate", 60))], 1000);
  const later = learnt(first, [seat("site", way("sharp", "ceiling", 50))], 2000);
  assert.deepEqual([later.site.up.cause, later.site.up.figure, later.site.up.since], ["ceiling", 50, 1000]);
});

test("without a figure in the reason the estimate stands in, in kbit/s", () => {
  assert.equal(known(seat("site", way("slow", "rate", null, { rate: 180_000 }))).site.up.figure, 180);
  assert.equal(known(seat("site", way("slow", "rate"))).site.up.figure, null);
});

test("a seat the server does not name keeps what was known of it", () => {
  const both = learnt(known(seat("site", way("voice", "rate"))), [seat("son", way("motion"))], 2000);
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

test("only the pictures one gets are news, and old news stay told", () => {
  const before = known(seat("site", way("motion")), seat("son", way("motion")), seat("doc", way("motion")));
  const after = learnt(before, [seat("site", way("stills", "rate")), seat("doc", way("voice", "rate"))], 2000);
  const turns = turned({ before, after, turns: { son: "old" } }, "doc", 2000);
  assert.deepEqual([Object.keys(turns), turns.site.rung, turns.son], [["son", "site"], "stills", "old"]);
});

test("one's own rungs are marked when they change, and only so many are kept", () => {
  let marks = [];
  const own = (up, down) => learnt({}, [seat("doc", way(up), way(down))], 0).doc;
  marks = marked(marks, own("motion", "motion"), 1);
  marks = marked(marks, own("motion", "slow"), 2);
  marks = marked(marks, own("motion", "slow"), 3);
  assert.deepEqual(marks.map(({ way: one, rung, at }) => [one, rung, at]), [["up", "motion", 1], ["down", "motion", 1], ["down", "slow", 2]]);
  for (let at = 4; at < 200; at += 1) marks = marked(marks, own("motion", at % 2 ? "slow" : "motion"), at);
  assert.equal(marks.at(-1).code, "fine");
  assert.equal(marks.length, 60);
  assert.equal(marks.at(-1).at, 199);
});
