import assert from "node:assert/strict";
import { test } from "node:test";

import { codecNamed, described, encodingOf, gist } from "../../../web/static/js/call/bitrates.js";

const OFFER = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
  "c=IN IP4 0.0.0.0",
  "a=mid:mic",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "a=rtpmap:111 opus/48000/2",
  "a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=32000",
  "a=ptime:20",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97 45 46",
  "c=IN IP4 0.0.0.0",
  "b=AS:300",
  "b=TIAS:300000",
  "a=mid:camera",
  "a=rtpmap:96 VP8/90000",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "c=IN IP4 0.0.0.0",
  "a=mid:low",
  "m=audio 9 UDP/TLS/RTP/SAVPF 63 111",
  "c=IN IP4 0.0.0.0",
  "a=mid:a0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "c=IN IP4 0.0.0.0",
  "a=mid:v0",
  "",
].join("\r\n");
const PLAN = {
  n: 1,
  audio: { bitrate: 16000, ptime: 60, red: false },
  camera: { bitrate: 28000, fps: 8, height: 180, layers: 1, codec: "vp8" },
  low: null,
  exam: null,
  ceiling: 60000,
};

/** The lines of one m-section. */
function section(sdp, mid) {
  return sdp.split(/(?=^m=)/m).find((one) => one.includes(`a=mid:${mid}\r\n`)).trim().split("\r\n");
}

test("the offer says the plan's packet time and the rate sound may begin with", () => {
  const mic = section(described(OFFER, PLAN), "mic");
  assert.deepEqual(mic.filter((line) => line.startsWith("a=ptime")), ["a=ptime:60"]);
  assert.ok(mic.includes("a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=16000"));
  assert.ok(mic.includes("a=fmtp:63 111/111"));
});

test("without redundancy Opus stands first, with it RED does, and both stay agreed", () => {
  assert.equal(section(described(OFFER, PLAN), "mic")[0], "m=audio 9 UDP/TLS/RTP/SAVPF 111 63");
  const red = { ...PLAN, audio: { ...PLAN.audio, red: true } };
  assert.equal(section(described(OFFER, red), "mic")[0], "m=audio 9 UDP/TLS/RTP/SAVPF 63 111");
});

test("an offer without RED is sent as Opus, whatever is planned", () => {
  const plain = OFFER.replace("a=rtpmap:63 red/48000/2\r\n", "");
  const red = { ...PLAN, audio: { ...PLAN.audio, red: true } };
  assert.equal(section(described(plain, red), "mic")[0], "m=audio 9 UDP/TLS/RTP/SAVPF 111 63");
});

test("the ceiling stands on each line that carries a picture up, for both browsers, before the attributes", () => {
  const sdp = described(OFFER, PLAN);
  assert.deepEqual(section(sdp, "camera").slice(1, 5), ["c=IN IP4 0.0.0.0", "b=AS:60", "b=TIAS:60000", "a=mid:camera"]);
  assert.deepEqual(section(sdp, "low").slice(2, 4), ["b=AS:60", "b=TIAS:60000"]);
});

test("what comes down is left as the server wrote it", () => {
  for (const mid of ["a0", "v0"]) assert.deepEqual(section(described(OFFER, PLAN), mid), section(OFFER, mid));
});

test("describing twice is describing once", () => {
  assert.equal(described(described(OFFER, { ...PLAN, ceiling: 900000 }), PLAN), described(OFFER, PLAN));
});

test("Opus is never asked for less than browsers take", () => {
  const faint = described(OFFER, { ...PLAN, audio: { bitrate: 4000, ptime: 120, red: false } });
  assert.match(faint, /maxaveragebitrate=6000\r\n/);
});

test("another packet time, redundancy or ceiling needs another description; a rate or a picture does not", () => {
  const before = gist(PLAN);
  assert.notEqual(gist({ ...PLAN, audio: { ...PLAN.audio, ptime: 20 } }), before);
  assert.notEqual(gist({ ...PLAN, audio: { ...PLAN.audio, red: true } }), before);
  assert.notEqual(gist({ ...PLAN, ceiling: 61000 }), before);
  assert.equal(gist({ ...PLAN, audio: { ...PLAN.audio, bitrate: 12000 }, camera: null }), before);
});

test("a ceiling that wanders by less than a tenth of itself is the same ceiling", () => {
  assert.equal(gist({ ...PLAN, ceiling: 1_210_000 }), gist({ ...PLAN, ceiling: 1_290_000 }));
  assert.notEqual(gist({ ...PLAN, ceiling: 1_290_000 }), gist({ ...PLAN, ceiling: 1_310_000 }));
  assert.match(described(OFFER, { ...PLAN, ceiling: 1_210_000 }), /b=AS:1300\r\n/);
  assert.match(described(OFFER, { ...PLAN, ceiling: 0 }), /b=AS:1\r\n/);
});

test("a picture is scaled to the planned height from what the camera really gives", () => {
  const encoding = encodingOf(PLAN.camera, { width: 640, height: 480 });
  assert.equal(encoding.scaleResolutionDownBy, 480 / 180);
  assert.equal(encoding.maxBitrate, 28000);
  assert.equal(encoding.maxFramerate, 8);
  assert.equal(encoding.scalabilityMode, "L1T1");
  assert.equal(encoding.active, true);
});

test("a picture gets two bits a second for each pixel of its camera at most, whatever the link carries", () => {
  const wide = { ...PLAN.camera, bitrate: 2_000_000, height: 720 };
  assert.equal(encodingOf(wide, { width: 640, height: 480 }).maxBitrate, 614_400);
  assert.equal(encodingOf({ ...wide, height: 240 }, { width: 640, height: 480 }).maxBitrate, 614_400);
  assert.equal(encodingOf(wide, { width: 1280, height: 720 }).maxBitrate, 1_843_200);
  assert.equal(encodingOf(wide, {}).maxBitrate, 2_000_000);
});

test("an upright telephone is measured across, and nothing is ever scaled up", () => {
  assert.equal(encodingOf(PLAN.camera, { width: 360, height: 640 }).scaleResolutionDownBy, 2);
  assert.equal(encodingOf(PLAN.camera, { width: 160, height: 120 }).scaleResolutionDownBy, 1);
  assert.equal(encodingOf(PLAN.camera, {}).scaleResolutionDownBy, 1);
});

test("the first codec need not be named, a later one must be, an unknown one cannot", () => {
  const codecs = [{ mimeType: "video/VP8" }, { mimeType: "video/rtx" }, { mimeType: "video/AV1" }];
  assert.equal(codecNamed(codecs, "vp8"), undefined);
  assert.equal(codecNamed(codecs, "av1"), codecs[2]);
  assert.equal(codecNamed(codecs, "h264"), undefined);
});
