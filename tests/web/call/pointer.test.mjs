import assert from "node:assert/strict";
import { test } from "node:test";

import { FADE_SECONDS, OtherPointers, OwnPointer, interval } from "../../../web/static/js/call/pointer.js";
import { Clock } from "./clock.mjs";

function own(spare = null) {
  const clock = new Clock();
  const said = [];
  const pointer = new OwnPointer((place) => said.push({ at: clock.now(), ...place }), clock, () => spare);
  return { clock, said, pointer };
}

test("a moving hand is told ten times a second at most, and where it came to rest", async () => {
  const { clock, said, pointer } = own();
  for (let step = 0; step <= 100; step += 1) {
    pointer.move("s", { x: step / 100, y: 0.5 });
    await clock.run(0.01);
  }
  await clock.run(0.2);
  assert.ok(said.length <= 12 && said.length >= 9, `${said.length} in a second`);
  assert.ok(said.every(({ at }, index) => index === 0 || at - said[index - 1].at >= 0.0999));
  assert.equal(said.at(-1).x, 1);
});

test("on a thin link it takes half of what is spare", () => {
  assert.equal(interval(null), 0.1);
  assert.equal(interval(1e6), 0.1);
  assert.equal(interval(4000), 0.8);
  assert.equal(interval(0), 2);
});

test("leaving is told once, after the last place", async () => {
  const { clock, said, pointer } = own();
  pointer.move("s", { x: 0.5, y: 0.5 });
  pointer.move("s", null);
  pointer.leave();
  await clock.run(20);
  assert.deepEqual(said.map(({ x, y }) => [x, y]), [[0.5, 0.5], [null, null]]);
});

test("a hand which was never there does not leave", async () => {
  const { clock, said, pointer } = own();
  pointer.leave();
  pointer.move("s", null);
  await clock.run(5);
  assert.deepEqual(said, []);
});

test("a resting hand is told again, for whoever missed it", async () => {
  const { clock, said, pointer } = own();
  pointer.move("s", { x: 0.12345, y: 0.5 });
  await clock.run(10);
  assert.equal(said.length, 4);
  assert.equal(said[0].x, 0.123);
});

function others() {
  const clock = new Clock();
  let changes = 0;
  return { clock, pointers: new OtherPointers(clock, () => (changes += 1)), changes: () => changes };
}

test("each seat has one place, and one that is told no more fades", async () => {
  assert.equal(FADE_SECONDS, 8);
  const { clock, pointers, changes } = others();
  pointers.hear({ still: "s", seat: "a", x: 0.1, y: 0.1 });
  await clock.run(FADE_SECONDS - 1);
  pointers.hear({ still: "s", seat: "a", x: 0.2, y: 0.2 });
  pointers.hear({ still: "s", seat: "b", x: 0.9, y: 0.9 });
  await clock.run(2);
  assert.deepEqual(pointers.on("s").map(({ seat, x }) => [seat, x]), [["a", 0.2], ["b", 0.9]]);
  const before = changes();
  await clock.run(FADE_SECONDS);
  assert.deepEqual(pointers.on("s"), []);
  assert.ok(changes() > before);
});

test("leaving and places outside the picture take the spot away", () => {
  for (const [x, y] of [[null, null], [1.2, 0.5], ["0.5", 0.5], [Number.NaN, 0.5]]) {
    const { pointers } = others();
    pointers.hear({ still: "s", seat: "a", x: 0.1, y: 0.1 });
    pointers.hear({ still: "s", seat: "a", x, y });
    assert.deepEqual(pointers.on("s"), []);
  }
});

test("whoever points at another still is known", async () => {
  const { clock, pointers } = others();
  pointers.hear({ still: "s", seat: "a", x: 0.1, y: 0.1 });
  await clock.run(1);
  pointers.hear({ still: "t", seat: "b", x: 0.1, y: 0.1 });
  assert.equal(pointers.elsewhere("s").seat, "b");
  assert.equal(pointers.elsewhere("t").seat, "a");
  assert.equal(pointers.elsewhere(null).seat, "b");
});
