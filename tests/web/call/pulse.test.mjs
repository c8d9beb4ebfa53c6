import assert from "node:assert/strict";
import { test } from "node:test";

import { LOOK_SECONDS, Pulse, arrivals } from "../../../web/static/js/call/pulse.js";

/** Looks as often as the page does; `count` by the second says what had come by then. */
function watch(pulse, from, to, count, rtt = 0) {
  let life;
  for (let at = from; at <= to + 1e-9; at += LOOK_SECONDS) life = pulse.look(at, count(at), rtt);
  return life;
}

const steady = (at) => Math.floor(at * 50);

function living(rtt = 0) {
  const pulse = new Pulse();
  watch(pulse, 0, 10, steady, rtt);
  return pulse;
}

test("what stops from fifty packets a second is suspect within a second and dead within two", () => {
  assert.equal(watch(living(), 10, 10.5, () => 500), "alive");
  assert.equal(watch(living(), 10, 11, () => 500), "suspect");
  assert.equal(watch(living(), 10, 11.75, () => 500), "dead");
});

test("anything that comes is life", () => {
  const pulse = living();
  watch(pulse, 10, 12, () => 500);
  assert.equal(pulse.look(12.25, 501, 0), "alive");
});

test("behind a long queue, what still trickles in is no death, however late answers are", () => {
  const pulse = living();
  assert.equal(watch(pulse, 10, 30, (at) => 500 + Math.floor(at / 0.8), 2), "alive");
});

test("a far link is given its round trip, a sparse one its pauses, and nobody for ever", () => {
  assert.equal(watch(living(0.6), 10, 11.75, () => 500, 0.6), "suspect");
  assert.equal(watch(living(0.6), 10, 13, () => 500, 0.6), "dead");
  const sparse = new Pulse();
  watch(sparse, 0, 20, (at) => Math.floor(at));
  assert.equal(watch(sparse, 20.25, 24, () => 20), "suspect");
  assert.equal(watch(sparse, 24.25, 27, () => 20), "dead");
});

test("who is alone without camera or microphone is not dead between two checks of consent", () => {
  const pulse = new Pulse();
  for (let at = 0; at < 60; at += LOOK_SECONDS) assert.notEqual(pulse.look(at, Math.floor(at / 6), 0), "dead");
  assert.equal(watch(pulse, 60, 68, () => 9), "dead");
});

test("a page which stood still itself has not seen anything die", () => {
  const pulse = living();
  assert.equal(pulse.look(15, 500, 0), "alive");
  assert.equal(watch(pulse, 15.25, 15.5, () => 500), "alive");
  assert.equal(watch(pulse, 15.75, 16.5, () => 500), "dead");
});

test("media, control and answers to checks all count", () => {
  const row = (type, more) => [type + Object.keys(more)[0], { type, ...more }];
  const before = new Map([row("transport", { packetsReceived: 5 }), row("candidate-pair", { responsesReceived: 1, bytesReceived: 7 }), row("inbound-rtp", { packetsReceived: 4 })]);
  for (const [id, field] of [["transportpacketsReceived", "packetsReceived"], ["candidate-pairresponsesReceived", "responsesReceived"], ["candidate-pairresponsesReceived", "bytesReceived"], ["inbound-rtppacketsReceived", "packetsReceived"]]) {
    const after = new Map(before);
    after.set(id, { ...before.get(id), [field]: before.get(id)[field] + 1 });
    assert.ok(arrivals(after) > arrivals(before), id);
  }
});
