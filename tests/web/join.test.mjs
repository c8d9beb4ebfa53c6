import assert from "node:assert/strict";
import { test } from "node:test";
import { outcomeOf, takeToken } from "../../web/static/js/pages/join.js";

const answer = (more) => ({ ok: false, status: 404, body: {}, url: "", redirected: false, ...more });

test("the token is taken out of the address", () => {
  const replaced = [];
  const history = { replaceState: (...all) => replaced.push(all) };
  assert.equal(takeToken({ hash: "#secret", pathname: "/j", search: "" }, history), "secret");
  assert.deepEqual(replaced, [[null, "", "/j"]]);
});

test("an address without token is left alone", () => {
  const history = { replaceState: () => assert.fail("nothing to hide") };
  assert.equal(takeToken({ hash: "", pathname: "/j", search: "" }, history), "");
});

test("a welcome leads to the call, said or redirected", () => {
  assert.deepEqual(outcomeOf(answer({ ok: true, status: 200, body: { location: "/c" } })), { to: "/c" });
  assert.deepEqual(outcomeOf(answer({ ok: true, redirected: true, url: "/c" })), { to: "/c" });
});

test("a refusal is the server's own words, and final", () => {
  const outcome = outcomeOf(answer({ body: { error: "Ce lien a été retiré." } }));
  assert.deepEqual(outcome, { problem: "Ce lien a été retiré.", again: false });
});

test("a refusal without words still says what to do", () => {
  const outcome = outcomeOf(answer({}));
  assert.match(outcome.problem, /Demandez-en un nouveau/);
  assert.equal(outcome.again, false);
});

for (const status of [0, 429, 500, 503]) {
  test(`status ${status} can be tried again`, () => {
    assert.equal(outcomeOf(answer({ status })).again, true);
  });
}

test("a yes that leads nowhere is not taken for one", () => {
  assert.ok("problem" in outcomeOf(answer({ ok: true, status: 200, body: { location: 7 } })));
});
