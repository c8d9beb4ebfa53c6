import assert from "node:assert/strict";
import { test } from "node:test";

import { Freshness, GONE, STOPPED } from "../../../web/static/js/call/freshness.js";
import { shown } from "../../../web/static/js/call/picture.js";

const tile = (rung, more = {}) => ({ sort: "person", camera: "on", connection: "good", passage: rung ? { rung } : null, ...more });
const see = (row, age, { begun = true, still = false } = {}) => shown(row, { begun, age }, still);

test("frames that come are shown, whatever was announced", () => {
  for (const rung of [null, "motion", "sharp", "stills", "voice", "text"]) assert.equal(see(tile(rung), 200), "live", rung);
});

test("a picture without a new frame for three seconds is told to have stopped", () => {
  assert.deepEqual([STOPPED, see(tile("motion"), STOPPED - 1), see(tile("motion"), STOPPED)], [3000, "live", "stopped"]);
  assert.equal(see(tile(null), STOPPED), "stopped");
});

test("a picture no longer sent is taken away sooner, for what comes in its place", () => {
  assert.deepEqual([GONE, see(tile("voice"), GONE - 1), see(tile("voice"), GONE)], [1000, "live", "voice"]);
  assert.equal(see(tile("text"), GONE), "text");
  assert.equal(see(tile("stills"), GONE), "stills");
  assert.equal(see(tile("stills"), GONE, { still: true }), "still");
  assert.equal(see(tile("voice"), GONE, { still: true }), "voice");
});

test("before the first frame the picture is on its way, unless none is sent", () => {
  const before = { begun: false };
  assert.equal(see(tile("motion"), 100, before), "live");
  assert.equal(see(tile("motion"), 1500, before), "coming");
  assert.equal(see(tile("voice"), 0, before), "voice");
  assert.equal(see(tile("sharp"), 1500, { ...before, still: true }), "still");
});

test("a camera that is off is off, and a lost link is told by itself", () => {
  assert.equal(see(tile("motion", { camera: "off" }), 9000), "off");
  assert.equal(see(tile("motion", { camera: "off", sort: "exam" }), 100), "live");
  assert.equal(see(tile("motion", { connection: "lost" }), 9000), "live");
});

function player() {
  const video = { frames: [], requestVideoFrameCallback: (call) => video.frames.push(call), cancelVideoFrameCallback: () => (video.frames = []) };
  const page = { time: 0, seen: true };
  const fresh = new Freshness(video, { now: () => page.time, hidden: () => !page.seen });
  const frame = () => video.frames.splice(0).forEach((call) => call());
  fresh.restart();
  return { page, fresh, frame, video };
}

test("age counts from the last frame shown", () => {
  const { page, fresh, frame } = player();
  page.time = 700;
  assert.deepEqual([fresh.begun, fresh.age], [false, 700]);
  frame();
  page.time = 1000;
  assert.deepEqual([fresh.begun, fresh.age], [true, 300]);
  frame();
  assert.equal(fresh.age, 0);
});

test("a new track begins anew", () => {
  const { page, fresh, frame } = player();
  frame();
  page.time = 5000;
  fresh.restart();
  assert.deepEqual([fresh.begun, fresh.age], [false, 0]);
});

test("the time of a hidden page does not count", () => {
  const { page, fresh, frame } = player();
  frame();
  page.seen = false;
  page.time = 60_000;
  assert.equal(fresh.age, 0);
  page.seen = true;
  fresh.wake();
  page.time = 61_000;
  assert.equal(fresh.age, 1000);
});

test("a browser that does not tell its frames is not accused", () => {
  const page = { time: 0 };
  const fresh = new Freshness({}, { now: () => page.time, hidden: () => false });
  fresh.restart();
  page.time = 60_000;
  assert.equal(fresh.age, 0);
});
