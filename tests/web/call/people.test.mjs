import assert from "node:assert/strict";
import { test } from "node:test";

import { refusalsToTell } from "../../../web/static/js/call/people.js";

const ROSE = { seat: "pat", name: "Rose" };
const told = (room, read = new Set()) => refusalsToTell({ door: [], ...room }, read).map((one) => one.seat);

test("a refusal is told, unless its notice was closed or the door says it already", () => {
  assert.deepEqual(told({ refusals: [ROSE] }), ["pat"]);
  assert.deepEqual(told({ refusals: [ROSE] }, new Set(["pat"])), []);
  assert.deepEqual(told({ refusals: [ROSE], door: [{ seat: "pat", consent: false }] }), []);
});

test("a server that tells no refusals shows none", () => {
  assert.deepEqual(told({}), []);
  assert.deepEqual(refusalsToTell(null, new Set()), []);
});

test("whoever refuses again after agreeing is told again", () => {
  const read = new Set(["pat"]);
  told({ refusals: [] }, read);
  assert.deepEqual(told({ refusals: [ROSE] }, read), ["pat"]);
});
