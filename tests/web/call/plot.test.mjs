import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, SECONDS, WIDTH, trace } from "../../../web/static/js/call/plot.js";

const NOW = 1_000_000;
const sample = (ago, up, down = 0) => ({ at: NOW - ago * 1000, up, down });

test("now is at the right, two minutes ago at the left, older is left out", () => {
  const { up } = trace([sample(SECONDS + 1, 10_000), sample(SECONDS, 10_000), sample(60, 10_000), sample(0, 10_000)], [], NOW);
  assert.equal(up, `M0 0L${WIDTH / 2} 0L${WIDTH} 0`);
});

test("the top is a round figure above all that is drawn", () => {
  const top = (most) => trace([sample(1, most)], [], NOW).top;
  assert.deepEqual([0, 9_000, 10_000, 10_001, 41_000, 60_000, 180_000, 2_400_000].map(top), [10_000, 10_000, 10_000, 20_000, 50_000, 100_000, 200_000, 5_000_000]);
});

test("both rates share one scale", () => {
  const { up, down } = trace([sample(0, 25_000, 100_000)], [], NOW);
  assert.deepEqual([up, down], [`M${WIDTH} ${HEIGHT * 0.75}`, `M${WIDTH} 0`]);
});

test("rungs fill their time, each way by itself", () => {
  const marks = [
    { way: "up", rung: "motion", at: NOW - 500_000 },
    { way: "down", rung: "motion", at: NOW - 90_000 },
    { way: "up", rung: "stills", at: NOW - 60_000 },
  ];
  const { segments } = trace([], marks, NOW);
  assert.deepEqual(segments, [
    { way: "up", rung: "motion", x: 0, width: WIDTH / 2 },
    { way: "up", rung: "stills", x: WIDTH / 2, width: WIDTH / 2 },
    { way: "down", rung: "motion", x: WIDTH / 4, width: (WIDTH * 3) / 4 },
  ]);
});

test("a rung that ended before the drawing begins is not drawn", () => {
  const marks = [{ way: "up", rung: "motion", at: NOW - 500_000 }, { way: "up", rung: "slow", at: NOW - 400_000 }];
  assert.deepEqual(trace([], marks, NOW).segments.map(({ rung }) => rung), ["slow"]);
});
