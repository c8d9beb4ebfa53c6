import assert from "node:assert/strict";
import { test } from "node:test";
import { hourAt } from "../../web/static/js/pages/consultation_new.js";

test("the site's hour, and its day when that is another", () => {
  assert.equal(hourAt("2026-11-25", "09:00", "America/Cayenne", "Europe/Paris", "fr"), "mercredi 05:00");
  assert.equal(hourAt("2026-11-25", "02:00", "America/Cayenne", "Europe/Paris", "fr"), "mardi 22:00");
});

test("summer time counts", () => {
  assert.equal(hourAt("2026-07-01", "09:00", "America/Cayenne", "Europe/Paris", "fr"), "mercredi 04:00");
});

test("one who plans from Cayenne for Besançon", () => {
  assert.equal(hourAt("2026-11-25", "09:00", "Europe/Paris", "America/Cayenne", "fr"), "mercredi 13:00");
});

test("nothing to say when clocks agree or something is missing", () => {
  assert.equal(hourAt("2026-11-25", "09:00", "Europe/Brussels", "Europe/Paris", "fr"), "");
  assert.equal(hourAt("", "09:00", "America/Cayenne", "Europe/Paris", "fr"), "");
  assert.equal(hourAt("2026-11-25", "", "America/Cayenne", "Europe/Paris", "fr"), "");
  assert.equal(hourAt("2026-11-25", "09:00", "", "Europe/Paris", "fr"), "");
});
