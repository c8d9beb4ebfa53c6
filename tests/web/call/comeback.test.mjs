import assert from "node:assert/strict";
import { test } from "node:test";

import { Comeback } from "../../../web/static/js/call/comeback.js";
import { Clock, settled } from "./clock.mjs";

/** Diallings by their second; `felt` answers what is asked of the way, in order. */
function setup({ random = 0.5, felt = [] } = {}) {
  const clock = new Clock();
  clock.time = 0;
  const dials = [];
  const felts = [];
  const feel = (seconds) =>
    new Promise((resolve) => {
      felts.push(seconds);
      const answer = felt.shift() ?? "silent";
      clock.after(answer === "silent" ? seconds : 0, () => resolve(answer));
    });
  const comeback = new Comeback(() => dials.push(clock.time), feel, { after: clock.after, random: () => random });
  return { clock, comeback, dials, felts };
}

test("after a cut the first dialling is nearly at once, and not of all pages together", async () => {
  for (const [random, at] of [[0, 0], [1, 0.3]]) {
    const { clock, comeback, dials } = setup({ random });
    comeback.lost();
    await clock.run(1);
    assert.deepEqual(dials, [at]);
  }
});

test("a server that refuses is asked more and more seldom, stretched by chance, and for ever", async () => {
  for (const [random, stretch] of [[0, 0.5], [1, 1.5]]) {
    const { clock, comeback, dials } = setup({ random });
    const pauses = [];
    for (let n = 0; n < 25; n += 1) {
      const asked = clock.time;
      comeback.refused();
      await clock.run(10);
      pauses.push(dials.at(-1) - asked);
    }
    const expected = [0.3, 0.6, 1.2, ...Array(17).fill(1.5), ...Array(5).fill(4)];
    assert.deepEqual(pauses.map((one) => one.toFixed(3)), expected.map((one) => (one * stretch).toFixed(3)));
  }
});

test("found again, the next cut begins with short pauses", async () => {
  const { clock, comeback, dials } = setup();
  for (let n = 0; n < 5; n += 1) comeback.refused();
  comeback.found();
  const asked = clock.time;
  comeback.refused();
  await clock.run(5);
  assert.equal(dials.at(-1) - asked, 0.3);
});

test("a dead way is felt along every second or so, and dialled as soon as it answers", async () => {
  const { clock, comeback, dials, felts } = setup({ felt: ["silent", "silent", "answered"] });
  comeback.swallowed(0.1);
  await clock.run(5);
  assert.deepEqual([felts, dials], [[1.2, 1.2, 1.2], [2.4]]);
});

test("a far one is given the time its dialling took", async () => {
  const { comeback, felts } = setup();
  comeback.swallowed(2);
  await settled();
  assert.deepEqual(felts, [4]);
});

test("a server found away at the end of a way is one that refuses", async () => {
  const { clock, comeback, dials } = setup({ felt: ["refused"] });
  comeback.swallowed(0);
  await clock.run(5);
  assert.deepEqual(dials, [0.3]);
});

test("whoever rests is not dialled by an older question", async () => {
  const { clock, comeback, dials } = setup({ felt: ["silent", "answered"] });
  comeback.swallowed(0);
  await clock.run(0.5);
  comeback.rest();
  await clock.run(5);
  assert.deepEqual(dials, []);
});
