import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { StillCamera } from "../../../web/static/js/call/still_camera.js";
import { settled } from "./clock.mjs";

const picture = (width, height, from) => ({ width, height, from, closed: false, close() { this.closed = true; } });

/** What is sent of the film: `events` in order. */
function film() {
  const events = [];
  return { events, hold: async () => (events.push("held"), async () => events.push("released")) };
}

/** A camera filming at 640×480 which could do `most`; `widens` when constraints change what it gives. */
function track({ most = [4000, 3000], widens = true, readyState = "live" } = {}) {
  let [width, height] = [640, 480];
  const asked = [];
  return {
    readyState,
    asked,
    getSettings: () => ({ width, height, deviceId: "rear" }),
    getCapabilities: () => ({ width: { max: most[0] }, height: { max: most[1] } }),
    getConstraints: () => ({ width: { ideal: 640 }, height: { ideal: 480 } }),
    applyConstraints: async (wanted) => {
      asked.push([wanted.width.ideal, wanted.height.ideal]);
      if (widens) [width, height] = [Math.min(most[0], wanted.width.ideal), Math.min(most[1], wanted.height.ideal)];
    },
    stop() {
      this.stopped = true;
    },
  };
}

/** A browser: `photo` is what takePhoto gives (a size, null for none, or a promise). */
function optics({ photo = [4000, 3000], view = null, frame = true } = {}) {
  const seen = { photos: [], opened: [], waits: [] };
  return {
    seen,
    capture: () =>
      photo && {
        getPhotoCapabilities: async () => ({ imageWidth: { max: 16000 }, imageHeight: { max: 12500 }, fillLightMode: ["auto", "off", "flash"] }),
        takePhoto: async (wanted) => (seen.photos.push(wanted), photo),
      },
    open: async (wanted) => (seen.opened.push(wanted), view ?? Promise.reject(new Error("in use"))),
    frame: async (filming, wanted, seconds) => {
      seen.waits.push(seconds);
      const size = filming.getSettings();
      if (!frame || !wanted(size)) throw new Error("no frame");
      return picture(size.width, size.height, filming.stopped === undefined ? "track" : "view");
    },
    decode: async ([width, height]) => picture(width, height, "photo"),
  };
}

test("a camera that photographs gives its photograph, without its lamp and within 25 megapixels", async () => {
  const browser = optics();
  const filming = track();
  const taken = await new StillCamera(browser).take(filming, true, film().hold);
  assert.deepEqual([taken.width, taken.from], [4000, "photo"]);
  const [{ imageWidth, imageHeight, fillLightMode }] = browser.seen.photos;
  assert.equal(fillLightMode, "off");
  assert.ok(imageWidth * imageHeight <= 25_000_000 && imageWidth <= 5000);
  assert.deepEqual(filming.asked, []);
});

test("one whose photograph is no larger than its film is widened for one frame, and put back", async () => {
  const filming = track();
  const { events, hold } = film();
  const change = filming.applyConstraints;
  filming.applyConstraints = (wanted) => (events.push(wanted.width.ideal), change(wanted));
  const taken = await new StillCamera(optics({ photo: [640, 480] })).take(filming, true, hold);
  assert.deepEqual(events, ["held", 4000, 640, "released"]);
  assert.deepEqual([taken.width, taken.from], [4000, "track"]);
  assert.deepEqual(filming.asked, [[4000, 3000], [640, 480]]);
  assert.deepEqual(filming.getSettings().width, 640);
});

test("where constraints change nothing, a second view of the same camera is opened and closed", async () => {
  const view = track({ most: [1920, 1080] });
  await view.applyConstraints({ width: { ideal: 1920 }, height: { ideal: 1080 } });
  const browser = optics({ photo: null, view });
  const filming = track({ widens: false });
  const taken = await new StillCamera(browser).take(filming, true, film().hold);
  assert.equal(taken.width, 1920);
  assert.deepEqual(browser.seen.opened[0].deviceId, { exact: "rear" });
  assert.equal(view.stopped, true);
  assert.deepEqual(filming.asked.at(-1), [640, 480]);
});

test("without any of these it is the frame of now, and what failed is not tried again", async () => {
  const browser = optics({ photo: null });
  const filming = track({ widens: false });
  const camera = new StillCamera(browser);
  for (let taken = 0; taken < 2; taken += 1) assert.equal((await camera.take(filming, true, film().hold)).width, 640);
  assert.equal(browser.seen.opened.length, 1);
  assert.equal(filming.asked.length, 2);
});

test("an automatic still never touches the film", async () => {
  const browser = optics();
  const filming = track();
  const taken = await new StillCamera(browser).take(filming, false, film().hold);
  assert.deepEqual([taken.width, taken.from, filming.asked, browser.seen.photos], [640, "track", [], []]);
});

test("a photograph that never comes is left after four seconds, and not asked for again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const browser = optics({ photo: new Promise(() => {}) });
    const camera = new StillCamera(browser);
    const filming = track();
    const taking = camera.take(filming, true, film().hold);
    await settled();
    mock.timers.tick(3900);
    await settled();
    assert.deepEqual(filming.asked, []);
    mock.timers.tick(200);
    assert.equal((await taking).from, "track");
    await camera.take(filming, true, film().hold);
    assert.equal(browser.seen.photos.length, 1);
  } finally {
    mock.timers.reset();
  }
});

test("a wide frame is waited for while it can be overlooked, the frame of now a little longer", async () => {
  const browser = optics({ photo: null });
  await new StillCamera(browser).take(track(), true, film().hold);
  await new StillCamera(browser).take(track(), false, film().hold);
  assert.deepEqual(browser.seen.waits, [1.5, 4]);
});

test("a camera that is off or gives nothing says so", async () => {
  const camera = new StillCamera(optics({ photo: null, frame: false }));
  await assert.rejects(camera.take(null, true, film().hold), { code: "no_camera" });
  await assert.rejects(camera.take(track({ readyState: "ended" }), true, film().hold), { code: "no_camera" });
  const filming = track();
  await assert.rejects(camera.take(filming, true, film().hold), { code: "no_frame" });
  assert.equal(filming.getSettings().width, 640);
});

test("the larger of two pictures is kept and the other let go", async () => {
  const small = picture(320, 240, "photo");
  const browser = { ...optics({ photo: [320, 240] }), decode: async () => small };
  const taken = await new StillCamera(browser).take(track(), true, film().hold);
  assert.deepEqual([taken.from, small.closed], ["track", true]);
});
