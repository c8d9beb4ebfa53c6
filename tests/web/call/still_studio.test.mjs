import assert from "node:assert/strict";
import { test } from "node:test";

import { StillFailure } from "../../../web/static/js/call/still_camera.js";
import { Studio } from "../../../web/static/js/call/still_studio.js";
import { Clock, settled } from "./clock.mjs";

const plan = (extra = {}) => ({ n: 1, ceiling: 60000, spare: 8000, stills: null, ...extra });

function setup({ cameras = ["camera"], take } = {}) {
  const clock = new Clock();
  const told = { taken: [], failed: [], sending: [] };
  const taken = [];
  const encoded = [];
  const camera = {
    take: async (track, full) => {
      taken.push([track.source, full]);
      await take?.();
      return { close() {} };
    },
  };
  const encode = async (picture, bytes) => {
    encoded.push(bytes);
    return [{ bytes: 1000, type: "image/webp", width: 640, height: 480, blob: new Blob([new Uint8Array(1000)]) }];
  };
  const said = [];
  const wire = {
    up: () => true,
    say: async (event, payload) => {
      said.push([event, payload]);
      return { ok: true, stage: 0, offset: (payload.offset ?? 0) + (payload.data?.length ?? 0) };
    },
  };
  const trackOf = (source) => (cameras.includes(source) ? { source, readyState: "live" } : null);
  const studio = new Studio(wire, { track: trackOf, hold: async () => async () => {} }, { taken: (one) => told.taken.push(one), failed: (one) => told.failed.push(one), sending: (one) => told.sending.push(one) }, clock, camera, encode);
  return { clock, told, taken, encoded, said, studio, cameras };
}

test("a still asked for is taken at full resolution, under the name it was asked by, once", async () => {
  const { studio, taken, told, clock, said } = setup();
  await Promise.all([studio.take("camera", "asked-1"), studio.take("camera", "asked-1")]);
  await clock.run(10);
  assert.deepEqual(taken, [["camera", true]]);
  assert.deepEqual(told.taken.map(({ id, why }) => [id, why]), [["asked-1", "asked"]]);
  assert.equal(said.filter(([event]) => event === "still_begin").length, 1);
});

test("two stills are taken one after the other", async () => {
  let inside = 0;
  let most = 0;
  const { studio } = setup({
    take: async () => {
      most = Math.max(most, (inside += 1));
      await settled();
      inside -= 1;
    },
  });
  await Promise.all([studio.take("camera"), studio.take("camera")]);
  assert.equal(most, 1);
});

test("a failure is told with its reason, and asking again tries again", async () => {
  let code = "no_frame";
  const { studio, told } = setup({ take: async () => { if (code) throw new StillFailure(code); } });
  assert.equal(await studio.take("camera", "a"), null);
  assert.deepEqual(told.failed, [{ source: "camera", why: "asked", code: "no_frame" }]);
  code = "";
  assert.equal(await studio.take("camera", "a"), "a");
});

test("an encoder that fails is told as such", async () => {
  const { studio, told } = setup();
  studio.encode = async () => { throw new Error("out of memory"); };
  await studio.take("camera");
  assert.equal(told.failed[0].code, "encoding");
});

test("while the plan wants it, a still leaves every few seconds at the size it says", async () => {
  const { studio, clock, taken, encoded } = setup();
  studio.follow(plan({ stills: { every: 6, bytes: 7000 } }));
  await clock.run(13);
  assert.equal(taken.length, 3);
  assert.ok(taken.every(([, full]) => !full));
  assert.deepEqual(encoded[0], { first: 7000 });
  studio.follow(plan({ stills: { every: 6, bytes: 7000 } }));
  await clock.run(6);
  assert.equal(taken.length, 4, "a new plan starts no second round");
  studio.follow(plan());
  await clock.run(60);
  assert.equal(taken.length, 4);
});

test("several cameras take turns, and one that is off is left out", async () => {
  const { studio, clock, taken, cameras } = setup({ cameras: ["camera", "exam"] });
  studio.follow(plan({ stills: { every: 6, bytes: 7000 } }));
  await clock.run(19);
  assert.deepEqual(taken.map(([source]) => source), ["exam", "camera", "exam", "camera"]);
  cameras.splice(0);
  await clock.run(60);
  assert.equal(taken.length, 4);
});

test("a camera that fails every few seconds is complained of once", async () => {
  const { studio, clock, told } = setup({ take: async () => { throw new StillFailure("no_frame"); } });
  studio.follow(plan({ stills: { every: 6, bytes: 7000 } }));
  await clock.run(60);
  assert.equal(told.failed.length, 1);
});

test("a stage is what the link carries in its time, within limits", async () => {
  const { studio, encoded } = setup();
  await studio.take("camera");
  assert.deepEqual(encoded.at(-1), { first: 14000, aim: 9000, second: 40000, last: 1500000 });
  for (const [spare, aim, second, last] of [[8000, 6000, 30000, 300000], [0, 5000, 15000, 60000], [10000, 7500, 37500, 375000], [1e6, 9000, 40000, 1500000]]) {
    studio.follow(plan({ spare }));
    await studio.take("camera");
    assert.deepEqual(encoded.at(-1), { first: 14000, aim, second, last });
  }
});
