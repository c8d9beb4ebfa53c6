import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** A browser with these devices; `named` is whether it tells ids and labels before it is allowed. */
let browser;
const kept = new Map();
const MIC = { kind: "audioinput", deviceId: "m1", label: "Micro" };
const CAMERAS = ["c1", "c2"].map((id) => ({ kind: "videoinput", deviceId: id, label: `Caméra ${id}` }));
const SEEN = { id: "c2", label: "Caméra c2" };

const trackOf = (device) => ({
  label: device.label,
  stop() {},
  getSettings: () => ({ deviceId: device.deviceId }),
});

const pick = (kind, wish) => {
  const { exact, ideal } = wish.deviceId ?? {};
  const own = browser.devices.filter((one) => one.kind === kind);
  if (exact && browser.busy.includes(exact)) throw Object.assign(new Error(), { name: "NotReadableError" });
  return trackOf(own.find((one) => one.deviceId === (exact ?? ideal)) ?? own[0]);
};

const mediaDevices = {
  addEventListener() {},
  enumerateDevices: async () => browser.devices.map((one) => (browser.named ? one : { kind: one.kind, deviceId: "", label: "" })),
  getUserMedia: async ({ audio, video }) => {
    browser.asked.push({ audio, video });
    const mics = audio ? [pick("audioinput", audio)] : [];
    const cameras = video ? [pick("videoinput", video)] : [];
    browser.named = true;
    return { getAudioTracks: () => mics, getVideoTracks: () => cameras, getTracks: () => [...mics, ...cameras] };
  },
};
Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true });
globalThis.isSecureContext = true;
globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
const { Devices } = await import("../../../web/static/js/call/devices.js");

const memory = () => JSON.parse(kept.get("carbet.devices") ?? "{}");
const started = async () => {
  const devices = new Devices();
  await devices.start();
  return devices;
};

beforeEach(() => {
  kept.clear();
  browser = { devices: [MIC, ...CAMERAS], named: true, busy: [], asked: [] };
});

test("before devices have names, the remembered one is wished for", async () => {
  kept.set("carbet.devices", JSON.stringify({ camera: SEEN }));
  browser.named = false;
  const devices = await started();
  assert.deepEqual(browser.asked[0].video.deviceId, { ideal: "c2" });
  assert.equal(devices.snapshot.cameraId, "c2");
  assert.equal(browser.asked.length, 1);
});

test("an id that changed is found by its label once devices have names", async () => {
  kept.set("carbet.devices", JSON.stringify({ camera: { ...SEEN, id: "forgotten" } }));
  browser.named = false;
  assert.equal((await started()).snapshot.cameraId, "c2");
});

test("a remembered camera that is taken leaves the picture which was open", async () => {
  kept.set("carbet.devices", JSON.stringify({ camera: { ...SEEN, id: "forgotten" } }));
  Object.assign(browser, { named: false, busy: ["c2"] });
  const { cameraId, failures } = (await started()).snapshot;
  assert.deepEqual([cameraId, failures.camera], ["c1", "in_use"]);
});

test("a choice that does not open gives back the former picture, says why, and is forgotten", async () => {
  const devices = await started();
  browser.busy = ["c2"];
  await devices.use("camera", "c2");
  const { cameraId, camera, failures } = devices.snapshot;
  assert.deepEqual([cameraId, camera, failures.camera], ["c1", "on", "in_use"]);
  assert.deepEqual(memory(), {});
});

test("a choice that opens is remembered", async () => {
  await (await started()).use("camera", "c2");
  assert.deepEqual(memory(), { camera: SEEN });
});
