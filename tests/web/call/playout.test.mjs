import assert from "node:assert/strict";
import { test } from "node:test";

import { Playout, playLater } from "../../../web/static/js/call/playout.js";

const RATE = 48_000;

/** A page that hears lines, a second at a time: how late, how much of it invented, in how many bytes. */
function setup() {
  const clock = { now: 0 };
  const restarted = [];
  const waits = [];
  const playout = new Playout((mids) => restarted.push(mids), (mid, delay) => waits.push([mid, delay]), () => clock.now);
  const lines = new Map();

  function second(figures) {
    clock.now += 1000;
    const rows = Object.entries(figures).map(([mid, { late = 0.1, invented = 0, silence = 0, bytes = 2000, played = RATE, asked = 0, lost = 0 }]) => {
      const before = lines.get(mid) ?? { jitterBufferDelay: 0, jitterBufferEmittedCount: 0, concealedSamples: 0, silentConcealedSamples: 0, totalSamplesReceived: 0, bytesReceived: 0, nackCount: 0, packetsLost: 0 };
      const now = {
        jitterBufferDelay: before.jitterBufferDelay + late * played,
        jitterBufferEmittedCount: before.jitterBufferEmittedCount + played,
        concealedSamples: before.concealedSamples + (invented + silence) * RATE,
        silentConcealedSamples: before.silentConcealedSamples + silence * RATE,
        totalSamplesReceived: before.totalSamplesReceived + RATE,
        bytesReceived: before.bytesReceived + bytes,
        nackCount: before.nackCount + asked,
        packetsLost: before.packetsLost + lost,
      };
      lines.set(mid, now);
      return { type: "inbound-rtp", kind: "audio", mid, ...now };
    });
    playout.look(new Map(rows.map((row, n) => [n, row])));
    return restarted.length;
  }
  return { second, restarted, waits, lines, playout };
}

/** Speech in time, then `seconds` of speech this late. */
function spoken({ second }, seconds, late) {
  for (let n = 0; n < 3; n++) second({ a0: {} });
  for (let n = 0; n < seconds; n++) second({ a0: { late } });
}

test("sound that plays late begins anew in the first pause", () => {
  const page = setup();
  spoken(page, 3, 0.6);
  assert.deepEqual(page.restarted, []);
  page.second({ a0: { late: 0.6, bytes: 300 } });
  assert.deepEqual(page.restarted, [["a0"]]);
});

test("only the third late second in a row is enough", () => {
  const page = setup();
  spoken(page, 1, 0.6);
  page.second({ a0: { late: 0.6, bytes: 30 } });
  assert.deepEqual(page.restarted, []);
  page.second({ a0: { late: 0.6, bytes: 30 } });
  assert.deepEqual(page.restarted, [["a0"]]);
});

test("nothing is lost in the midst of speech, be it ever so thin", () => {
  const page = setup();
  spoken(page, 20, 0.6);
  page.second({ a0: { late: 0.6, bytes: 301 } });
  assert.deepEqual(page.restarted, []);
});

test("when it is far too late for long, the pause is not waited for", () => {
  const page = setup();
  spoken(page, 7, 0.9);
  assert.deepEqual(page.restarted, []);
  page.second({ a0: { late: 0.9 } });
  assert.deepEqual(page.restarted, [["a0"]]);
});

test("a delay that is short enough, or that is needed, is let be", () => {
  for (const figures of [{ late: 0.4 }, { late: 0.9, invented: 0.01 }]) {
    const page = setup();
    for (let n = 0; n < 20; n++) page.second({ a0: { ...figures, bytes: n % 2 ? 2000 : 100 } });
    assert.deepEqual(page.restarted, []);
  }
});

test("silence that is invented counts as none", () => {
  const page = setup();
  spoken(page, 3, 0.6);
  page.second({ a0: { late: 0.6, bytes: 100, silence: 0.5 } });
  assert.deepEqual(page.restarted, [["a0"]]);
});

test("a second in which nothing was played says nothing", () => {
  const page = setup();
  spoken(page, 2, 0.6);
  page.second({ a0: { played: 0, bytes: 0 } });
  assert.deepEqual(page.restarted, []);
  page.second({ a0: { late: 0.6, bytes: 50 } });
  assert.deepEqual(page.restarted, [["a0"]]);
});

test("counters which begin anew say nothing", () => {
  const page = setup();
  spoken(page, 3, 0.6);
  page.lines.clear();
  page.second({ a0: { late: 0.6, bytes: 50 } });
  assert.deepEqual(page.restarted, []);
});

test("who is late again soon is late for a reason: each time is waited for twice as long", () => {
  const page = setup();
  const times = [];
  for (let n = 1; n <= 200; n++) {
    const before = page.restarted.length;
    if (page.second({ a0: { late: 0.6, bytes: n % 4 ? 2000 : 50 } }) > before) times.push(n);
  }
  assert.deepEqual(times, [4, 36, 96]);
});

test("each line has its own delay; pictures and what this side sends have none", () => {
  const page = setup();
  for (let n = 0; n < 2; n++) page.second({ a0: {}, a1: {} });
  for (let n = 0; n < 4; n++) page.second({ a0: { late: 0.6, bytes: 100 }, a1: { bytes: 100 } });
  assert.deepEqual(page.restarted, [["a0"]]);
  page.playout.look(new Map([[0, { type: "inbound-rtp", kind: "video", mid: "v0" }], [1, { type: "outbound-rtp", kind: "audio", mid: "mic" }]]));
  assert.equal(page.restarted.length, 1);
});

/** So many seconds of which a part is invented, though what was asked for came. */
function repairedLate({ second }, seconds, figures = {}) {
  for (let n = 0; n < seconds; n++) second({ a0: { asked: 3, invented: 0.03, ...figures } });
}

test("sound whose repairs come too late plays a little later, step by step, and early again after a while", () => {
  const page = setup();
  repairedLate(page, 5);
  assert.deepEqual(page.waits, [], "five seconds from one reading to another");
  repairedLate(page, 1);
  assert.deepEqual(page.waits, [["a0", 200]]);
  repairedLate(page, 6, { late: 0.2 });
  assert.deepEqual(page.waits.at(-1), ["a0", 300]);
  repairedLate(page, 6, { late: 0.35 });
  assert.equal(page.waits.length, 2, "not beyond");
  for (let n = 0; n < 29; n++) page.second({ a0: {} });
  assert.equal(page.waits.length, 2);
  page.second({ a0: {} });
  assert.deepEqual(page.waits.at(-1), ["a0", null]);
  assert.deepEqual(page.restarted, []);
});

test("it waits for nothing that does not come, and not where little is invented", () => {
  for (const figures of [{ lost: 1 }, { asked: 0 }, { invented: 0.02 }, { invented: 0, silence: 0.5 }, { played: 0 }]) {
    const page = setup();
    repairedLate(page, 20, figures);
    assert.deepEqual(page.waits, [], JSON.stringify(figures));
  }
  const found = setup();
  repairedLate(found, 3, { lost: 2 });
  repairedLate(found, 3, { lost: -2 });
  assert.equal(found.waits.length, 1, "what came late is not lost");
});

test("a browser is told in its own words, if it has them", () => {
  const lines = [{ mid: "a0", receiver: { jitterBufferTarget: null } }, { mid: "a1", receiver: {} }];
  const pc = { getTransceivers: () => lines };
  for (const mid of ["a0", "a1", "a2"]) playLater(pc, mid, 200);
  assert.deepEqual(lines.map(({ receiver }) => receiver.jitterBufferTarget), [200, undefined]);
});
