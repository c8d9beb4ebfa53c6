import assert from "node:assert/strict";
import { test } from "node:test";

import { Comeback } from "../../../web/static/js/call/comeback.js";
import { Clock } from "./clock.mjs";

/** Diallings by their second. */
function setup({ random = 0.5 } = {}) {
  const clock = new Clock();
  clock.time = 0;
  const dials = [];
  const comeback = new Comeback(() => dials.push(clock.time), { after: clock.after, random: () => random });
  return { clock, comeback, dials };
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

test("a dead way is dialled without a pause, patiently once that was in vain for half a minute", async () => {
  const { clock, comeback, dials } = setup({ random: 1 });
  const patience = [];
  for (let n = 0; n < 41; n += 1) {
    patience.push(comeback.patience);
    comeback.swallowed();
    await clock.run(0);
  }
  assert.deepEqual(patience, [...Array(9).fill(3.5), ...Array(30).fill(7.5), ...Array(2).fill(15.5)]);
  assert.equal(dials.length, 41);
  comeback.found();
  assert.equal(comeback.patience, 3.5);
});

test("whoever rests is not dialled, and what says that the way is there is believed at once", async () => {
  const { clock, comeback, dials } = setup();
  comeback.refused();
  comeback.rest();
  await clock.run(5);
  assert.deepEqual(dials, []);
  comeback.refused();
  comeback.now();
  await clock.run(5);
  assert.deepEqual(dials, [5]);
});
