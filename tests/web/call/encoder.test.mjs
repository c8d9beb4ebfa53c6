import assert from "node:assert/strict";
import { test } from "node:test";

import { Description } from "../../../web/static/js/call/description.js";
import { Encoder } from "../../../web/static/js/call/encoder.js";

const OFFER = "v=0\r\nm=audio 9 X 63 111\r\na=mid:mic\r\na=rtpmap:111 opus/48000/2\r\na=ptime:20\r\n";
const CODECS = [{ mimeType: "video/VP8" }, { mimeType: "video/AV1" }];

function planned(n, changes = {}) {
  return {
    n,
    rung: "motion",
    audio: { bitrate: 16000, ptime: 60, red: false },
    camera: { bitrate: 28000, fps: 8, height: 180, layers: 2, codec: "av1" },
    low: null,
    exam: null,
    ceiling: 60000,
    ...changes,
  };
}

/** A sender that keeps what it was told, and refuses what its browser does not know. */
class Sender {
  told = [];
  given = [];
  encodings = [{ active: true, rid: "kept" }];

  track = null;

  constructor(browser) {
    this.browser = browser;
  }

  getParameters() {
    return { codecs: CODECS, encodings: structuredClone(this.encodings), transactionId: "x" };
  }

  async setParameters({ encodings, degradationPreference }) {
    await this.browser.gate;
    for (const refused of this.browser.refuses) if (refused in encodings[0]) throw new Error(refused);
    this.encodings = encodings;
    this.preference = degradationPreference;
    this.told.push(encodings[0]);
  }

  async replaceTrack(track) {
    this.given.push(track);
    this.track = track;
  }
}

class Browser {
  refuses = [];
  described = [];
  signalingState = "stable";
  gate = null;

  constructor(mids = ["mic", "camera", "exam", "low"]) {
    this.transceivers = mids.map((mid) => ({ mid, sender: new Sender(this) }));
  }

  getTransceivers() {
    return this.transceivers;
  }

  sender(mid) {
    return this.transceivers.find((one) => one.mid === mid).sender;
  }

  async setRemoteDescription({ sdp }) {
    this.described.push(/a=ptime:\d+/g.exec(sdp)[0]);
  }

  async createAnswer() {
    return { type: "answer" };
  }

  async setLocalDescription() {}
}

const picture = (width, height) => ({ getSettings: () => ({ width, height }) });

async function setup(browser = new Browser()) {
  const encoder = new Encoder(browser, new Description(browser, OFFER));
  await encoder.give("camera", picture(640, 480));
  await encoder.start();
  return { browser, encoder, sender: (mid) => browser.sender(mid) };
}

test("a plan becomes what each sender is told, beside what it was told before", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(1));
  assert.deepEqual(sender("mic").told, [{ active: true, rid: "kept", maxBitrate: 16000 }]);
  assert.deepEqual(sender("camera").told, [
    {
      rid: "kept",
      active: true,
      maxBitrate: 28000,
      maxFramerate: 8,
      scaleResolutionDownBy: 480 / 180,
      scalabilityMode: "L1T2",
      codec: CODECS[1],
    },
  ]);
  assert.deepEqual(sender("exam").told, [{ active: false, rid: "kept" }]);
});

test("a browser is not to shrink a picture beyond its plan, and sound has no such preference", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(1));
  assert.deepEqual([sender("camera").preference, sender("mic").preference], ["maintain-resolution", undefined]);
});

test("before any plan a browser is left to itself", async () => {
  const { browser, encoder, sender } = await setup();
  await encoder.refresh();
  assert.deepEqual([browser.described, sender("camera").told, sender("low").given], [[], [], []]);
});

test("an older plan is not heard, nor the same one twice", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(5));
  await encoder.apply(planned(4, { camera: null }));
  await encoder.apply(planned(5, { camera: null }));
  assert.equal(sender("camera").told.length, 1);
  assert.equal(sender("camera").encodings[0].active, true);
});

test("only what changed is told again", async () => {
  const { browser, encoder, sender } = await setup();
  await encoder.apply(planned(1));
  await encoder.apply(planned(2, { audio: { bitrate: 12000, ptime: 60, red: false } }));
  assert.equal(sender("mic").told.length, 2);
  assert.equal(sender("camera").told.length, 1);
  assert.deepEqual(browser.described, ["a=ptime:60"]);
});

test("another packet time is described, to this browser alone", async () => {
  const { browser, encoder } = await setup();
  await encoder.apply(planned(1));
  await encoder.apply(planned(2, { audio: { bitrate: 16000, ptime: 120, red: false } }));
  assert.deepEqual(browser.described, ["a=ptime:60", "a=ptime:120"]);
});

test("while an offer is being answered nothing is described", async () => {
  const { browser, encoder, sender } = await setup();
  browser.signalingState = "have-remote-offer";
  await encoder.apply(planned(1));
  assert.deepEqual(browser.described, []);
  assert.equal(sender("camera").told.length, 1);
});

test("a plan that came with the offer is in it, and is not described again", async () => {
  const browser = new Browser();
  const encoder = new Encoder(browser, new Description(browser, OFFER));
  assert.match(encoder.begin(planned(1)), /a=ptime:60/);
  await encoder.prepare();
  assert.equal(browser.sender("camera").encodings[0].maxBitrate, 28000);
  await encoder.start();
  assert.deepEqual(browser.described, []);
  assert.equal(browser.sender("camera").told.length, 1);
});

test("a plan that comes before the answer waits for it", async () => {
  const browser = new Browser();
  const encoder = new Encoder(browser, new Description(browser, OFFER));
  await encoder.apply(planned(1));
  assert.deepEqual([browser.described, browser.sender("camera").told], [[], []]);
  await encoder.start();
  assert.equal(browser.sender("camera").told.length, 1);
});

test("of plans that come while one is applied, the last is applied next and the others never", async () => {
  const { browser, encoder, sender } = await setup();
  await encoder.apply(planned(1));
  let open;
  browser.gate = new Promise((done) => (open = done));
  const rated = (n) => encoder.apply(planned(n, { audio: { bitrate: 10000 + n, ptime: 60, red: false } }));
  const first = rated(2);
  await new Promise(setImmediate);
  const others = [rated(3), rated(4)];
  open();
  await Promise.all([first, ...others]);
  assert.deepEqual(sender("mic").told.map((one) => one.maxBitrate), [16000, 10002, 10004]);
});

test("no picture planned: the sender stops and keeps its track", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(1));
  const { track } = sender("camera");
  await encoder.apply(planned(2, { camera: null }));
  assert.equal(sender("camera").encodings[0].active, false);
  assert.equal(sender("camera").track, track);
  assert.equal(sender("camera").given.length, 1);
});

test("no sound planned: the sender stops; too little is asked for as the least browsers take", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(1, { audio: { bitrate: 0, ptime: 120, red: false } }));
  assert.equal(sender("mic").encodings[0].active, false);
  await encoder.apply(planned(2, { audio: { bitrate: 3000, ptime: 120, red: false } }));
  assert.deepEqual([sender("mic").encodings[0].active, sender("mic").encodings[0].maxBitrate], [true, 6000]);
});

test("the copy shows the camera's track while it is planned, and follows it", async () => {
  const { encoder, sender } = await setup();
  const low = { bitrate: 40000, fps: 10, height: 120, layers: 1, codec: "vp8" };
  await encoder.apply(planned(1, { low }));
  assert.equal(sender("low").track, sender("camera").track);
  assert.equal(sender("low").encodings[0].scaleResolutionDownBy, 4);
  await encoder.give("camera", picture(320, 240));
  assert.equal(sender("low").track, sender("camera").track);
  assert.equal(sender("low").encodings[0].scaleResolutionDownBy, 2);
  assert.equal(sender("camera").encodings[0].scaleResolutionDownBy, 240 / 180);
  await encoder.apply(planned(2));
  assert.equal(sender("low").track, null);
  assert.equal(sender("low").encodings[0].active, false);
});

test("a track's size is told before its first picture leaves", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(1));
  const camera = sender("camera");
  camera.replaceTrack = async function () {
    this.scaleThen = this.encodings[0].scaleResolutionDownBy;
  };
  await encoder.give("camera", picture(1280, 720));
  assert.equal(camera.scaleThen, 4);
});

test("a second picture nobody knows of yet shows itself a little, on links that carry pictures", async () => {
  const { encoder, sender } = await setup();
  const exam = () => sender("exam").encodings[0];
  await encoder.apply(planned(1, { rung: "sharp" }));
  assert.equal(exam().active, false);
  await encoder.give("exam", picture(1280, 720));
  assert.deepEqual([exam().active, exam().maxFramerate, exam().scaleResolutionDownBy], [true, 1, 4]);
  assert.ok(exam().maxBitrate <= 16_000);
  await encoder.apply(planned(2, { rung: "sharp", exam: planned(2).camera }));
  assert.equal(exam().maxBitrate, 28000);
  await encoder.apply(planned(3, { rung: "stills" }));
  assert.equal(exam().active, false);
});

test("an offer without the copy's place does without it", async () => {
  const browser = new Browser(["mic", "camera", "exam"]);
  const { encoder } = await setup(browser);
  await encoder.apply(planned(1, { low: { bitrate: 40000, fps: 10, height: 120, layers: 1, codec: "vp8" } }));
  assert.equal(browser.sender("camera").told.length, 1);
});

test("what a browser refuses is left out, and the rest is still told", async () => {
  for (const [refuses, expected] of [
    [["scalabilityMode"], ["codec", "maxFramerate"]],
    [["codec"], ["maxFramerate"]],
    [["scalabilityMode", "codec", "maxFramerate"], []],
  ]) {
    const browser = new Browser();
    browser.refuses = refuses;
    const { encoder, sender } = await setup(browser);
    await encoder.apply(planned(1));
    const [told] = sender("camera").told;
    assert.deepEqual(["scalabilityMode", "codec", "maxFramerate"].filter((piece) => piece in told), expected);
    assert.equal(told.maxBitrate, 28000);
  }
});

test("back to the first codec: it is no longer named", async () => {
  const { encoder, sender } = await setup();
  await encoder.apply(planned(1));
  await encoder.apply(planned(2, { camera: { ...planned(2).camera, codec: "vp8" } }));
  assert.equal("codec" in sender("camera").encodings[0], false);
});

test("a browser that refuses everything keeps the call, and is asked again with the next plan", async (t) => {
  t.mock.method(console, "error", () => {});
  const browser = new Browser();
  browser.refuses = ["active"];
  browser.setRemoteDescription = async () => {
    throw new Error("no");
  };
  const { encoder, sender } = await setup(browser);
  await encoder.apply(planned(1));
  assert.deepEqual(sender("camera").told, []);
  browser.refuses = [];
  await encoder.apply(planned(2));
  assert.equal(sender("camera").told.length, 1);
});

test("where the worker believes in more than the browser, the estimate starts again from there", async () => {
  const browser = new Browser();
  const starts = [];
  browser.setRemoteDescription = async ({ sdp }) => starts.push(/start-bitrate=(\d+)/.exec(sdp)[1]);
  const offer = `${OFFER}m=video 9 X 96\r\na=mid:low\r\na=fmtp:96 x-google-start-bitrate=300\r\n`;
  const encoder = new Encoder(browser, new Description(browser, offer));
  await encoder.start();
  await encoder.apply(planned(1, { floor: 100_000 }));
  for (const estimate of [79_000, 81_000, 79_000, null, 79_000]) await encoder.lift(estimate);
  assert.deepEqual(starts, ["300"]);
  await encoder.lift(79_000);
  assert.deepEqual(starts, ["300", "100"]);
  await encoder.apply(planned(2, { floor: 0 }));
  for (let n = 0; n < 5; n++) await encoder.lift(1);
  assert.deepEqual(starts, ["300", "100"]);
});

test("a plan that cannot be read is none, and one that breaks something does not stop the next", async (t) => {
  t.mock.method(console, "error", () => {});
  const { encoder, sender } = await setup();
  assert.equal(encoder.begin({}), OFFER);
  for (const none of [null, {}, { n: 9 }]) await encoder.apply(none);
  sender("camera").getParameters = () => {
    throw new Error("gone");
  };
  await encoder.apply(planned(1));
  delete sender("camera").getParameters;
  await encoder.apply(planned(2));
  assert.equal(sender("camera").told.length, 1);
});
