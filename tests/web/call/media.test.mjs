import assert from "node:assert/strict";
import { test } from "node:test";

import { Media } from "../../../web/static/js/call/media.js";

const MIDS = ["mic", "camera", "exam", "a0", "v0"];

/** As much of a peer connection as an answer needs; its state is set by the test. */
class Connection {
  connectionState = "new";
  closed = false;
  transceivers = MIDS.map((mid) => ({
    mid,
    direction: "recvonly",
    sender: {
      track: null,
      async replaceTrack(track) {
        this.track = track;
      },
    },
  }));

  getTransceivers() {
    return this.transceivers;
  }

  async setRemoteDescription({ sdp }) {
    this.offer = sdp;
    for (const transceiver of this.transceivers.slice(3))
      this.ontrack({ track: (transceiver.track = { name: `${sdp} ${transceiver.mid}` }), transceiver });
  }

  async createAnswer() {
    return { type: "answer", sdp: `answer to ${this.offer}` };
  }

  async setLocalDescription(description) {
    this.localDescription = description;
  }

  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  hear() {
    this.transceivers[3].track.onunmute();
  }

  close() {
    this.closed = true;
  }

  came = 0;

  async getStats() {
    return new Map([["transport", { type: "transport", packetsReceived: this.came }]]);
  }
}

function setup() {
  const made = [];
  let now = 100;
  const media = new Media(() => made[made.push(new Connection()) - 1], () => now);
  const told = [];
  for (const type of ["tracks", "suspect", "renew"]) media.addEventListener(type, ({ detail }) => told.push([type, detail.session]));
  /** Seconds pass in which the newest connection gets packets, or none. */
  const pass = async (seconds, packets) => {
    for (const end = now + seconds; now < end; now += 0.25) {
      made.at(-1).came += packets;
      await media.look();
    }
  };
  return { media, made, told, pass };
}

test("an offer is answered at once, with our tracks in their places", async (t) => {
  const { media, made } = setup();
  t.after(() => media.close());
  await media.give("mic", "voice");
  const answer = await media.take({ session: "one", sdp: "A" });
  assert.deepEqual(answer, { session: "one", sdp: "answer to A" });
  const [mic, camera, exam, sound] = made[0].transceivers;
  assert.deepEqual([mic.sender.track, camera.sender.track, exam.sender.track], ["voice", null, null]);
  assert.deepEqual([mic.direction, exam.direction, sound.direction], ["sendonly", "sendonly", "recvonly"]);
});

test("a second picture starts with its track alone", async (t) => {
  const { media, made } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  await media.give("exam", "skin");
  assert.equal(made[0].transceivers[2].sender.track, "skin");
  assert.equal(made.length, 1);
});

test("the first session is in use as soon as it is connected", async (t) => {
  const { media, made, told } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  assert.equal(media.state, "connecting");
  made[0].become("connected");
  assert.equal(media.state, "up");
  assert.equal(media.carrying, "one");
  assert.deepEqual(told, [["tracks", "one"]]);
});

test("a new session takes over only when it carries something, and then the old one is closed", async (t) => {
  const { media, made, told } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  await media.take({ session: "two", sdp: "B" });
  made[1].become("connected");
  assert.equal(media.carrying, "one");
  assert.equal(made[0].closed, false);
  made[1].hear();
  assert.equal(media.carrying, "two");
  assert.equal(made[0].closed, true);
  assert.deepEqual(told, [["tracks", "one"], ["tracks", "two"]]);
});

test("when the old one is broken, the new one need not wait for a sound", async (t) => {
  const { media, made } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  made[0].become("failed");
  await media.take({ session: "two", sdp: "B" });
  made[1].become("connected");
  assert.equal(media.carrying, "two");
});

test("a failed session is told, and asks for a fresh offer", async (t) => {
  const { media, made, told } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  made[0].become("failed");
  assert.equal(media.state, "down");
  assert.equal(media.ailing, "one");
  assert.deepEqual(told.at(-1), ["renew", "one"]);
});

test("where nothing comes any more, ICE is not waited for", async (t) => {
  const { media, made, told, pass } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  await pass(5, 10);
  assert.deepEqual([media.state, media.carrying], ["up", "one"]);
  await pass(1, 0);
  assert.deepEqual(told.at(-1), ["suspect", undefined]);
  assert.deepEqual([media.state, media.doubtful], ["up", true]);
  await pass(1, 0);
  assert.deepEqual(told.at(-1), ["renew", "one"]);
  assert.deepEqual([media.state, media.carrying, media.ailing], ["down", undefined, "one"]);
});

test("a session that comes to life again needs no other", async (t) => {
  const { media, made, pass } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  await pass(5, 10);
  await pass(3, 0);
  await pass(0.5, 10);
  assert.deepEqual([media.state, media.carrying, media.ailing], ["up", "one", null]);
});

test("while things come, ICE in doubt is no cut", async (t) => {
  const { media, made, told, pass } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  await pass(5, 10);
  made[0].become("disconnected");
  await pass(5, 1);
  assert.deepEqual([media.state, media.carrying], ["up", "one"]);
  assert.deepEqual(told, [["tracks", "one"]]);
});

test("a dead session is replaced by the next as soon as that is connected", async (t) => {
  const { media, made, pass } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  await pass(5, 10);
  await pass(3, 0);
  await media.take({ session: "two", sdp: "B" });
  made[1].become("connected");
  assert.equal(media.carrying, "two");
  assert.equal(made[0].closed, true);
});

test("an older session's failure asks nothing once a newer is on its way", async (t) => {
  const { media, made, told } = setup();
  t.after(() => media.close());
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  await media.take({ session: "two", sdp: "B" });
  made[0].become("failed");
  assert.deepEqual(told, [["tracks", "one"]]);
});

test("of two offers at once, the later is answered", async (t) => {
  const { media, made } = setup();
  t.after(() => media.close());
  const [first, second] = await Promise.all([
    media.take({ session: "one", sdp: "A" }),
    media.take({ session: "two", sdp: "B" }),
  ]);
  assert.equal(first, null);
  assert.equal(second.session, "two");
  assert.equal(made[0].closed, true);
});

test("after the call nothing is left open", async () => {
  const { media, made } = setup();
  await media.take({ session: "one", sdp: "A" });
  made[0].become("connected");
  media.close();
  assert.equal(media.state, "none");
  assert.equal(made[0].closed, true);
});
