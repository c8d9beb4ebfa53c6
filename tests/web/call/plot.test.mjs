import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, SECONDS, WIDTH, trace } from "../../../web/static/js/call/plot.js";

const NOW = 1_000_000;
const sample = (ago, up, down = 0) => ({ at: NOW - ago * 1000, up, down });

test("now is at the right, two minutes ago at the left, older is left out", () => {
  const { up } = trace([sample(SECONDS + 1, 5000), sample(SECONDS, 5000), sample(60, 5000), sample(0, 5000)], [], NOW);
  assert.equal(up, `M0 ${HEIGHT}L${WIDTH / 2} ${HEIGHT}L${WIDTH} ${HEIGHT}`);
});

test("each power of ten has the same height, and what is drawn stays below the top", () => {
  const { lines, top } = trace([sample(0, 5_000_000)], [], NOW);
  assert.deepEqual(lines.map(({ value }) => value), [1e4, 1e5, 1e6]);
  const [ten, hundred, thousand] = lines.map(({ y }) => y);
  assert.ok(Math.abs(ten - hundred - (hundred - thousand)) <= 0.2);
  assert.ok(top > 5_000_000);
});

test("a quiet link is drawn against 100 kbit/s, and nothing at all is drawn at the foot", () => {
  const { top, up } = trace([sample(0, 0)], [], NOW);
  assert.deepEqual([top, up], [100_000, `M${WIDTH} ${HEIGHT}`]);
});

test("both rates share one scale", () => {
  const { up, down } = trace([sample(0, 25_000, 25_000)], [], NOW);
  assert.equal(up, down);
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
