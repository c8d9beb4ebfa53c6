import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

const AT = "2026-11-23T13:05:00Z";
const CONTEXT = { member: true, my_tz: "Europe/Paris", other_tz: "America/Cayenne", other_place: "Cayenne" };
globalThis.document = { documentElement: { lang: "fr" }, getElementById: () => null };
const { hour, hourThere, setClocks } = await import("../../../web/static/js/call/words.js");

const device = process.env.TZ;
afterEach(() => {
  if (device === undefined) delete process.env.TZ;
  else process.env.TZ = device;
});

test("a member reads the clock chosen for every page, and the other place's beside it", () => {
  process.env.TZ = "Asia/Tokyo";
  setClocks(CONTEXT);
  assert.deepEqual([hour(AT), hourThere(AT)], ["14:05", "Cayenne : 10:05"]);
});

test("a guest reads the clock of the device", () => {
  process.env.TZ = "America/Cayenne";
  setClocks({ ...CONTEXT, member: false, other_tz: "Europe/Paris", other_place: "Paris" });
  assert.deepEqual([hour(AT), hourThere(AT)], ["10:05", "Paris : 14:05"]);
});

test("the same hour is not told twice", () => {
  setClocks({ ...CONTEXT, other_tz: "Europe/Madrid", other_place: "Madrid" });
  assert.equal(hourThere(AT), "");
});
