import assert from "node:assert/strict";
import { test } from "node:test";

import { Description } from "../../../web/static/js/call/description.js";

const OFFER =
  "v=0\r\n" +
  "m=audio 9 X 111\r\na=mid:mic\r\na=rtpmap:111 opus/48000/2\r\na=recvonly\r\n" +
  "m=video 9 X 96\r\na=mid:camera\r\na=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=300\r\na=recvonly\r\n" +
  "m=video 9 X 96\r\na=mid:low\r\na=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=300\r\na=recvonly\r\n" +
  "m=audio 9 X 111\r\na=mid:a0\r\na=sendonly\r\n" +
  "m=audio 9 X 111\r\na=mid:a1\r\na=sendonly\r\n";
const PLAN = { n: 1, audio: { bitrate: 16000, ptime: 60, red: false }, ceiling: 60000 };

class Browser {
  signalingState = "stable";
  said = [];
  answered = 0;
  fails = false;

  async setRemoteDescription({ type, sdp }) {
    assert.equal(type, "offer");
    if (this.fails) throw new Error("no");
    assert.equal(this.answered, this.said.length, "one description at a time");
    this.said.push(sdp);
    await new Promise(setImmediate);
  }

  async createAnswer() {
    return { type: "answer" };
  }

  async setLocalDescription() {
    this.answered += 1;
  }
}

function setup() {
  const browser = new Browser();
  return { browser, description: new Description(browser, OFFER) };
}

const direction = (sdp, mid) => sdp.split(/(?=^m=)/m).find((one) => one.includes(`a=mid:${mid}\r\n`)).match(/a=(recvonly|sendonly|inactive)\r\n/)[1];

test("without a plan the offer is answered as it is", () => {
  assert.equal(setup().description.first(null), OFFER);
});

test("a plan is said once, and again only when a description must say it", async () => {
  const { browser, description } = setup();
  assert.match(description.first(PLAN), /a=ptime:60/);
  await description.follow(PLAN);
  await description.follow({ ...PLAN, audio: { ...PLAN.audio, bitrate: 9000 } });
  assert.deepEqual(browser.said, []);
  await description.follow({ ...PLAN, ceiling: 90000 });
  assert.equal(browser.said.length, 1);
  assert.match(browser.said[0], /b=AS:90\r\n/);
});

test("an estimate starts again from the number it is told, always another than before", async () => {
  const { browser, description } = setup();
  for (const start of [120, 120, 120]) {
    description.lift(start);
    await description.follow(PLAN);
  }
  const starts = (mid) => browser.said.map((sdp) => /start-bitrate=(\d+)/.exec(sdp.split(/(?=^m=)/m).find((one) => one.includes(`a=mid:${mid}\r\n`)))[1]);
  assert.deepEqual(starts("low"), ["120", "121", "120"]);
  assert.deepEqual(starts("camera"), ["300", "300", "300"], "whose encoder would begin anew");
});

test("a line is taken away and given back, the others stay", async () => {
  const { browser, description } = setup();
  description.first(PLAN);
  await description.restart(["a1"]);
  const [away, back] = browser.said;
  assert.deepEqual(["camera", "a0", "a1"].map((mid) => direction(away, mid)), ["recvonly", "sendonly", "inactive"]);
  assert.equal(direction(back, "a1"), "sendonly");
  assert.equal(back, description.first(PLAN));
});

test("what is asked for at once is said one after the other", async () => {
  const { browser, description } = setup();
  await Promise.all([description.restart(["a0"]), description.follow(PLAN), description.restart(["a1"])]);
  assert.equal(browser.said.length, 5);
  assert.equal(browser.answered, 5);
  assert.match(browser.said[3], /a=ptime:60/);
});

test("while an offer is being answered nothing is said, and nothing is forgotten", async () => {
  const { browser, description } = setup();
  browser.signalingState = "have-remote-offer";
  await description.restart(["a0"]);
  await description.follow(PLAN);
  assert.deepEqual(browser.said, []);
  browser.signalingState = "stable";
  await description.follow(PLAN);
  assert.equal(browser.said.length, 1);
});

test("a browser that refuses is left as it was", async (t) => {
  t.mock.method(console, "error", () => {});
  const { browser, description } = setup();
  browser.fails = true;
  await description.follow(PLAN);
  browser.fails = false;
  await description.follow({ ...PLAN, ceiling: 90000 });
  assert.equal(browser.said.length, 1);
});
