import assert from "node:assert/strict";
import { test } from "node:test";

import { facing, failureOf, remembered } from "../../../web/static/js/call/hardware.js";

test("each failure of a device has one plain kind", () => {
  const kinds = { NotAllowedError: "denied", NotFoundError: "none", NotReadableError: "in_use", OverconstrainedError: "none", TypeError: "other" };
  for (const [name, kind] of Object.entries(kinds)) assert.equal(failureOf({ name }, true), kind);
});

test("an address without TLS is the reason, whatever the browser calls it", () => {
  assert.equal(failureOf({ name: "NotAllowedError" }, false), "insecure");
  assert.equal(failureOf(null, false), "insecure");
});

test("the chosen device is found again by id, or by label when ids have changed", () => {
  const devices = [
    { deviceId: "a", label: "Interne" },
    { deviceId: "b", label: "Dermatoscope" },
  ];
  assert.equal(remembered(devices, { id: "b", label: "?" }).deviceId, "b");
  assert.equal(remembered(devices, { id: "gone", label: "Dermatoscope" }).deviceId, "b");
  assert.equal(remembered(devices, { id: "gone", label: "" }), undefined);
  assert.equal(remembered(devices, undefined), undefined);
});

test("a camera without a label is not taken for another without a label", () => {
  assert.equal(remembered([{ deviceId: "a", label: "" }], { id: "z", label: "" }), undefined);
});

test("front and rear are known from the mode, or from the label", () => {
  assert.equal(facing("camera2 0, facing back"), "rear");
  assert.equal(facing("Caméra avant"), "front");
  assert.equal(facing("HD Webcam"), "other");
  assert.equal(facing("HD Webcam", "environment"), "rear");
});
