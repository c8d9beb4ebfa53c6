import assert from "node:assert/strict";
import { test } from "node:test";

import { OVERHEAD } from "../../../web/static/js/call/still_pace.js";
import { StillSender } from "../../../web/static/js/call/still_sender.js";
import { Clock, settled } from "./clock.mjs";

/** A server which keeps what comes in order, as `signaling/stills.py` does; `answers` go first. */
class Server {
  up = true;
  said = [];
  kept = new Map();
  answers = {};
  sent = [];
  /** How long the link delays what leaves now, if it does. */
  link = null;

  constructor(clock) {
    this.clock = clock;
  }

  say = async (event, payload) => {
    this.said.push([event, payload]);
    if (event === "still_part") this.sent.push({ at: this.clock.now(), bytes: payload.data.length });
    if (this.link) await this.link.cross((payload.data?.length ?? 0) + OVERHEAD);
    const told = this.answers[event]?.shift();
    if (told === "lost" || !this.up) {
      if (told === "lost") this[event](payload);
      return { ok: false, code: "away" };
    }
    return told ?? this[event](payload);
  };

  still_begin({ id, stages }) {
    if (!this.kept.has(id)) this.kept.set(id, stages.map(({ bytes }) => ({ bytes, data: [] })));
    return this.still_resume({ id });
  }

  still_resume({ id }) {
    const stages = this.kept.get(id);
    if (!stages) return { ok: false, code: "invalid" };
    const stage = stages.findIndex(({ bytes, data }) => data.length < bytes);
    if (stage < 0) return { ok: true, stage: stages.length, offset: 0 };
    return { ok: true, stage, offset: stages[stage].data.length };
  }

  still_part({ id, stage, offset, data }) {
    const one = this.kept.get(id)?.[stage];
    if (!one || offset > one.data.length) return { ok: false, code: "invalid" };
    one.data.splice(offset, data.length, ...data);
    return { ok: true, offset: one.data.length };
  }

  still_drop({ id }) {
    this.kept.delete(id);
    return { ok: true };
  }

  events(name) {
    return this.said.filter(([event]) => event === name).map(([, payload]) => payload);
  }
}

const bytesOf = (length, seed) => Uint8Array.from({ length }, (_, index) => (index * 7 + seed) % 251);

function still(id, sizes = [3000], why = "asked", source = "camera") {
  const stages = sizes.map((bytes, seed) => ({ bytes, type: "image/webp", width: 640, height: 480, blob: new Blob([bytesOf(bytes, seed)]) }));
  return { id, source, why, stages };
}

/** A queue before a link, which a voice takes part of, and an answer's way back. */
class Link {
  /** Bits that wait. */
  behind = 0;
  since = 0;
  waits = [];

  constructor(clock, rate, trip, voice = 0) {
    Object.assign(this, { clock, rate, trip, voice });
  }

  async cross(bytes) {
    const now = this.clock.now();
    this.behind = Math.max(0, this.behind - (this.rate - this.voice) * (now - this.since));
    this.since = now;
    this.waits.push(this.behind / this.rate);
    this.behind += bytes * 8;
    await new Promise((resolve) => this.clock.after(this.behind / this.rate + this.trip, resolve));
  }
}

function setup() {
  const clock = new Clock();
  const server = new Server(clock);
  const told = [];
  const sender = new StillSender({ say: server.say, up: () => server.up }, clock, (sending) => told.push(sending));
  sender.allow(8000, 64000);
  return { clock, server, sender, told };
}

const whole = (server, id, sizes) => assert.deepEqual(server.kept.get(id).map(({ data }) => data), sizes.map((bytes, seed) => [...bytesOf(bytes, seed)]));

test("a still arrives whole, stage by stage, and is on its way no more", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("a", [3000, 5000]));
  await clock.run(60);
  whole(server, "a", [3000, 5000]);
  assert.deepEqual(sender.sending, []);
});

test("what is sent with its overhead stays within the spare rate", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("a", [20000], "rung"));
  const begun = clock.now();
  await clock.run(60);
  const bits = server.sent.reduce((sum, { bytes }) => sum + (bytes + OVERHEAD) * 8, 0);
  const last = server.sent.at(-1);
  const seconds = last.at - begun;
  assert.ok(bits - (last.bytes + OVERHEAD) * 8 <= 8000 * seconds + 1, `${bits} bits in ${seconds} s`);
  assert.ok(seconds < (bits / 8000) * 1.1, `${seconds} s is no slower than needed`);
});

test("a part holds up the voice for a fifth of a second at most, and never exceeds the limit", async () => {
  for (const [rate, size] of [[32000, 560], [1_000_000, 2048], [8000, 512]]) {
    const { clock, server, sender } = setup();
    sender.allow(4000, rate);
    sender.add(still("a", [9000]));
    await clock.run(30);
    assert.equal(server.sent[0].bytes, size, `at ${rate} bit/s`);
  }
});

test("nothing leaves while nothing is spare, but what somebody waits to see", async () => {
  const { clock, server, sender } = setup();
  sender.allow(0, 16000);
  sender.add(still("auto", [3000], "rung"));
  sender.add(still("a", [3000, 5000]));
  await clock.run(60);
  assert.deepEqual([...new Set(server.said.map(([event, { id, stage }]) => `${event} ${id} ${stage ?? ""}`))], ["still_begin a ", "still_part a 0"]);
  assert.deepEqual(sender.sending.map(({ id, stage, state }) => [id, stage, state]), [["auto", 0, "held"], ["a", 1, "held"]]);
  sender.allow(8000, 16000);
  await clock.run(60);
  whole(server, "a", [3000, 5000]);
  whole(server, "auto", [3000]);
});

test("what somebody waits to see crosses a thin link of a long way in a few seconds, with a short queue", async () => {
  for (const [voice, seconds] of [[13_000, 8], [20_000, 9]]) {
    const { clock, server, sender } = setup();
    server.link = new Link(clock, 32_000, 0.6, voice);
    sender.allow(5000, 32_000);
    sender.add(still("a", [6600]));
    await clock.run(seconds);
    whole(server, "a", [6600]);
    const worst = Math.max(...server.link.waits);
    assert.ok(worst < 0.6, `a voice waits ${worst} s more`);
  }
});

test("a link that carries less than the plan thinks is not flooded", async () => {
  for (const why of ["asked", "rung"]) {
    const { clock, server, sender } = setup();
    server.link = new Link(clock, 16_000, 0.6, 12_000);
    sender.allow(20_000, 32_000);
    sender.add(still("a", [30_000], why));
    await clock.run(60);
    const { waits } = server.link;
    const late = waits.slice(16);
    assert.ok(Math.max(...waits) < 2.5, `${Math.max(...waits)} s at first`);
    assert.ok(late.length > 10 && late.reduce((sum, wait) => sum + wait) / late.length < 0.6, `${late}`);
  }
});

test("the spare rate is used however long the way, and no more than it holds is under way", async () => {
  for (const trip of [0.05, 0.6, 1.5]) {
    const { clock, server, sender } = setup();
    server.link = new Link(clock, 1e6, trip);
    sender.allow(20_000, 32_000);
    sender.add(still("a", [20_000], "rung"));
    const begun = clock.now();
    await clock.run(60);
    whole(server, "a", [20_000]);
    const seconds = server.sent.at(-1).at - begun;
    const bits = server.sent.reduce((sum, { bytes }) => sum + (bytes + OVERHEAD) * 8, 0);
    assert.ok(seconds < 1.15 * (bits / 20_000) + 2 * trip, `${seconds} s for ${bits} bits at ${trip} s`);
    for (const { at } of server.sent) {
      const under = server.sent.filter((one) => one.at <= at && one.at > at - trip);
      assert.ok(under.reduce((sum, { bytes }) => sum + (bytes + OVERHEAD) * 8, 0) <= 20_000 * Math.max(1, trip) + 8 * 2048);
    }
  }
});

test("parts that leave together are kept together, and a cut among them loses none", async () => {
  const { clock, server, sender } = setup();
  server.link = new Link(clock, 100_000, 1);
  sender.allow(40_000, 64_000);
  sender.add(still("a", [20_000, 3000], "rung"));
  for (let cut = 0; cut < 3; cut += 1) {
    await clock.run(1.7);
    server.up = false;
    sender.cut();
    await clock.run(5);
    server.up = true;
    sender.go();
  }
  await clock.run(60);
  whole(server, "a", [20_000, 3000]);
  assert.equal(server.events("still_resume").length, 3);
  const sent = server.sent.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(sent <= 23_000 + 3 * (40_000 / 8 + 2048), `${sent} bytes`);
});

test("a hole the server tells of is filled, and what was under way is not counted as a strike each", async () => {
  const { clock, server, sender } = setup();
  server.link = new Link(clock, 1e6, 0.9);
  sender.allow(40_000, 64_000);
  server.answers.still_part = [{ ok: true, stage: 0, offset: 0 }];
  sender.add(still("a", [9000], "rung"));
  await clock.run(60);
  whole(server, "a", [9000]);
  assert.equal(server.events("still_resume").length, 1);
});

test("spare that was not used is not saved up for a burst", async () => {
  const { clock, server, sender } = setup();
  await clock.run(600);
  sender.add(still("a", [9000]));
  await clock.run(0.5);
  assert.ok(server.sent.length <= 1);
});

test("before the worker has said anything, eight kilobits a second are risked", async () => {
  const clock = new Clock();
  const server = new Server(clock);
  const sender = new StillSender({ say: server.say, up: () => true }, clock, () => {});
  sender.add(still("a", [9000], "rung"));
  const begun = clock.now();
  await clock.run(60);
  const bits = server.sent.slice(0, -1).reduce((sum, { bytes }) => sum + (bytes + OVERHEAD) * 8, 0);
  const rate = bits / (server.sent.at(-1).at - begun);
  assert.ok(rate > 6500 && rate <= 8000, `${rate} bit/s`);
});

test("a server that wants less hurry is asked again two seconds later", async () => {
  const { clock, server, sender } = setup();
  server.answers.still_begin = [{ ok: false, code: "slow_down" }];
  sender.add(still("a"));
  await clock.run(1.9);
  assert.equal(server.events("still_begin").length, 1);
  await clock.run(0.2);
  assert.equal(server.events("still_begin").length, 2);
});

test("a cut at every tenth costs no byte twice and loses none", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("a", [10000]));
  for (let tenth = 0; tenth < 10; tenth += 1) {
    await clock.run(1.6);
    server.up = false;
    sender.cut();
    assert.ok(sender.sending.every(({ state }) => state === "cut"));
    await clock.run(10);
    server.up = true;
    sender.go();
  }
  await clock.run(60);
  whole(server, "a", [10000]);
  const sent = server.sent.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(sent <= 10000 + 2048, `${sent} bytes sent`);
  assert.equal(server.events("still_begin").length, 1);
});

test("a part whose answer was lost is asked after, not sent again", async () => {
  const { clock, server, sender } = setup();
  server.answers.still_part = ["lost"];
  sender.add(still("a", [1000]));
  await clock.run(60);
  whole(server, "a", [1000]);
  assert.equal(server.events("still_part").length, 1);
  assert.equal(server.events("still_resume").length, 1);
});

test("a server that forgot a still is told of it anew", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("a", [6000]));
  await clock.run(3);
  server.kept.clear();
  await clock.run(60);
  whole(server, "a", [6000]);
});

test("what passes with time is tried again, a refusal is told and the next goes on", async () => {
  const { clock, server, sender } = setup();
  server.answers.still_begin = [{ ok: false, code: "slow_down" }, { ok: false, code: "unavailable" }, { ok: true }, { ok: false, code: "full" }];
  sender.add(still("a"));
  sender.add(still("b"));
  server.still_begin({ id: "a", stages: [{ bytes: 3000 }] });
  await clock.run(60);
  whole(server, "a", [3000]);
  assert.deepEqual(sender.sending.map(({ id, state, code }) => [id, state, code]), [["b", "failed", "full"]]);
  sender.again("b");
  await clock.run(60);
  whole(server, "b", [3000]);
});

test("a server that refuses every part is not asked for ever", async () => {
  const { clock, server, sender } = setup();
  server.answers.still_part = Array(50).fill({ ok: false, code: "invalid" });
  sender.add(still("a"));
  await clock.run(600);
  assert.equal(sender.sending[0].code, "invalid");
  assert.ok(server.events("still_part").length <= 3);
});

test("an answer that makes no sense is not believed", async () => {
  for (const answer of [{ ok: true, offset: 99999 }, { ok: true, offset: -1 }, { ok: true, offset: "x" }, { ok: true, stage: 7, offset: 0 }, { ok: true, offset: 0 }, { ok: true }]) {
    const { clock, server, sender } = setup();
    server.answers.still_part = Array(9).fill(answer);
    sender.add(still("a"));
    await clock.run(600);
    assert.equal(sender.sending[0]?.code, "invalid", JSON.stringify(answer));
  }
});

test("a newer automatic still takes the place of one that has not left, never of one under way", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("one", [9000], "rung"));
  await clock.run(3);
  sender.add(still("two", [9000], "rung"));
  sender.add(still("other", [9000], "rung", "exam"));
  sender.add(still("three", [9000], "rung"));
  assert.deepEqual(sender.sending.map(({ id }) => id), ["one", "other", "three"]);
  await clock.run(120);
  for (const id of ["one", "other", "three"]) whole(server, id, [9000]);
  assert.equal(server.kept.has("two"), false);
});

test("one asked for goes before automatic ones, and a first stage before any sharper one", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("a", [3000, 9000]));
  await clock.run(6);
  sender.add(still("auto", [3000], "rung"));
  sender.add(still("b", [3000, 9000]));
  await clock.run(120);
  const order = server.events("still_part").map(({ id, stage }) => `${id}${stage}`);
  assert.deepEqual([...new Set(order.slice(order.indexOf("b0")))], ["b0", "auto0", "a1", "b1"]);
});

test("a still dropped by the person is dropped at the server too, even while it begins", async () => {
  const { clock, server, sender } = setup();
  sender.add(still("a"));
  sender.drop("a");
  await clock.run(10);
  assert.deepEqual(server.events("still_drop"), [{ id: "a" }]);
  assert.deepEqual(server.sent, []);
});

test("a still is sent once however often it is added", async () => {
  const { clock, server, sender } = setup();
  const one = still("a");
  sender.add(one);
  sender.add(one);
  await clock.run(30);
  assert.equal(server.events("still_begin").length, 1);
});

test("an automatic still that is refused is not worth a word", async () => {
  const { clock, server, sender } = setup();
  server.answers.still_begin = [{ ok: false, code: "full" }];
  sender.add(still("a", [3000], "rung"));
  await clock.run(10);
  assert.deepEqual(sender.sending, []);
});

test("how much is sent is told as it grows", async () => {
  const { clock, sender, told } = setup();
  sender.add(still("a", [8000]));
  await clock.run(60);
  await settled();
  const done = told.flatMap((sending) => sending.map((one) => one.done));
  assert.ok(done.length > 4 && done.every((value, index) => index === 0 || value >= done[index - 1]));
});
