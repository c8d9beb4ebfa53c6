import assert from "node:assert/strict";
import { test } from "node:test";

import { BYTES, PIXELS, fitting, stagesOf } from "../../../web/static/js/call/still_stages.js";

/** Bytes as encoders make them: more with pixels and quality. `types` are those it can write. */
function paint({ density = 0.12, types = ["image/webp", "image/jpeg"] } = {}) {
  const painted = [];
  const encode = async ({ width, height }, type, quality) => {
    painted.push({ width, height, quality });
    const written = types.includes(type) ? type : "image/png";
    return new Blob([new Uint8Array(Math.ceil(100 + width * height * density * (0.1 + quality) ** 2))], { type: written });
  };
  return { encode, painted };
}

const ALL = { first: BYTES.first, second: BYTES.second, last: BYTES.last };
const CAMERA = { width: 4000, height: 3000 };
const sizes = (stages) => stages.map(({ width, height }) => [width, height]);

test("the first stage is 640 points wide and fits; the others grow to the picture's own size", async () => {
  const { encode } = paint();
  const stages = await stagesOf(CAMERA, ALL, encode);
  assert.deepEqual(sizes(stages), [[640, 480], [1280, 960], [4000, 3000]]);
  const limits = [9000, 40000, 1500000];
  stages.forEach(({ bytes, blob }, index) => assert.ok(bytes === blob.size && bytes <= limits[index], `${bytes}`));
});

test("the best quality within the limit is found by few tries", async () => {
  const { encode, painted } = paint();
  const [stage] = await stagesOf(CAMERA, { first: 9000 }, encode);
  assert.ok(stage.bytes > 9000 * 0.75, `${stage.bytes} bytes of 9000`);
  assert.ok(painted.length <= 6);
});

test("an automatic still is its first stage alone", async () => {
  const stages = await stagesOf(CAMERA, { first: 9000 }, paint().encode);
  assert.equal(stages.length, 1);
});

test("a picture too rich even at the least quality becomes smaller", async () => {
  const [stage] = await stagesOf(CAMERA, { first: 9000 }, paint({ density: 1.5 }).encode);
  assert.ok(stage.bytes <= 9000 && stage.width < 640 && stage.width > 300, `${stage.width}`);
  await assert.rejects(stagesOf(CAMERA, { first: 20 }, paint().encode));
});

test("less is aimed at while the picture keeps its size, and more spent where it would lose it", async () => {
  const [small] = await stagesOf(CAMERA, { first: 9000, aim: 5000 }, paint().encode);
  assert.ok(small.bytes <= 5000 && small.bytes > 3700 && small.width === 640, `${small.bytes}`);
  const [rich] = await stagesOf(CAMERA, { first: 9000, aim: 5000 }, paint({ density: 0.6 }).encode);
  assert.ok(rich.bytes > 5000 && rich.bytes <= 9000 && rich.width === 640, `${rich.bytes}`);
});

test("a browser that writes no WebP writes JPEG, and one that writes neither says so", async () => {
  const [stage] = await stagesOf(CAMERA, { first: 9000 }, paint({ types: ["image/jpeg"] }).encode);
  assert.equal(stage.type, "image/jpeg");
  await assert.rejects(stagesOf(CAMERA, { first: 9000 }, paint({ types: [] }).encode));
});

test("no quality below what is worth seeing or above what can be seen is tried", async () => {
  const { encode, painted } = paint();
  await stagesOf(CAMERA, { first: 9e6 }, encode);
  assert.equal(painted.at(-1).quality, 0.85);
  await stagesOf(CAMERA, { first: 9000 }, encode);
  assert.equal(Math.min(...painted.map(({ quality }) => quality)), 0.1);
});

test("a picture of less than 64 points is worth nothing", async () => {
  const only = (side) => async ({ width }, type) => new Blob([new Uint8Array(width <= side ? 10 : 9e6)], { type });
  assert.equal((await stagesOf(CAMERA, { first: 9000 }, only(90))).length, 1);
  await assert.rejects(stagesOf(CAMERA, { first: 9000 }, only(50)));
});

test("the most of each stage is what PROTOCOL.md and the plan's file say", () => {
  assert.deepEqual(BYTES, { first: 9000, second: 40_000, last: 1_500_000 });
});

test("a small camera is not blown up, and what shows nothing new is left out", async () => {
  const stages = await stagesOf({ width: 352, height: 288 }, { ...ALL, first: 90000 }, paint().encode);
  assert.deepEqual(sizes(stages), [[352, 288]]);
});

test("stages always grow in bytes: one that is sharper in less takes the place of the other", async () => {
  const odd = async ({ width }, type, quality) => new Blob([new Uint8Array(width > 1000 ? 5000 : Math.ceil(12000 * quality))], { type });
  const stages = await stagesOf({ width: 1280, height: 960 }, ALL, odd);
  assert.deepEqual(sizes(stages), [[1280, 960]]);
});

test("an upright picture is measured by its longest side", async () => {
  const [stage] = await stagesOf({ width: 3000, height: 4000 }, { first: 9000 }, paint().encode);
  assert.deepEqual([stage.width, stage.height], [480, 640]);
});

test("no more than 25 megapixels are painted", () => {
  const size = fitting({ width: 16000, height: 12500 });
  assert.ok(size.width * size.height <= PIXELS && size.width * size.height > PIXELS * 0.99);
  assert.equal(PIXELS, 25_000_000);
});

test("a thin link bounds the sharper stages too", async () => {
  const stages = await stagesOf(CAMERA, { first: 9000, second: 15000, last: 20000 }, paint({ density: 0.02 }).encode);
  assert.ok(stages.every(({ bytes }) => bytes <= 20000));
});
