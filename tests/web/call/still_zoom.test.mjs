import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST, WHOLE, fitted, moved, placed, pointed, zoomed } from "../../../web/static/js/call/still_zoom.js";

const FRAME = { width: 800, height: 600 };
const WIDE = { width: 1600, height: 900 };
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test("the whole picture fits, whichever side is the longer", () => {
  assert.deepEqual(fitted(FRAME, WIDE), { width: 800, height: 450 });
  assert.deepEqual(fitted(FRAME, { width: 300, height: 600 }), { width: 300, height: 600 });
});

test("closer keeps the spot under the finger where it is", () => {
  const at = { x: 120, y: -80 };
  const before = pointed(at, WHOLE, FRAME, WIDE);
  const closer = zoomed(WHOLE, 3, at, FRAME, WIDE);
  const after = pointed(at, closer, FRAME, WIDE);
  near(before.x, after.x);
  near(before.y, after.y);
  assert.equal(closer.scale, 3);
});

test("neither further than the whole nor closer than eight times", () => {
  assert.deepEqual(zoomed(WHOLE, 0.1, { x: 300, y: 0 }, FRAME, WIDE), WHOLE);
  assert.equal(zoomed(WHOLE, 1000, { x: 0, y: 0 }, FRAME, WIDE).scale, 8);
  assert.equal(MOST, 8);
});

test("the picture is never pushed out of its frame, and side bars never grow", () => {
  const closer = zoomed(WHOLE, 2, { x: 0, y: 0 }, FRAME, WIDE);
  assert.deepEqual(moved(closer, { x: 9999, y: -9999 }, FRAME, WIDE), { scale: 2, x: 400, y: -150 });
  assert.deepEqual(moved(WHOLE, { x: 50, y: 50 }, FRAME, WIDE), WHOLE);
});

test("a spot is the same place of the picture however it is seen", () => {
  for (const sight of [WHOLE, { scale: 4, x: 300, y: -100 }]) {
    const at = placed({ x: 0.3, y: 0.8 }, sight, FRAME, WIDE);
    const back = pointed(at, sight, FRAME, WIDE);
    near(back.x, 0.3);
    near(back.y, 0.8);
  }
});

test("beside the picture there is no spot", () => {
  assert.equal(pointed({ x: 0, y: 230 }, WHOLE, FRAME, WIDE), null);
  assert.deepEqual(pointed({ x: -400, y: -225 }, WHOLE, FRAME, WIDE), { x: 0, y: 0 });
});
