import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { post } from "../../web/static/js/lib/http.js";

beforeEach(() => {
  const meta = { getAttribute: () => "the-token" };
  globalThis.document = { querySelector: (selector) => (selector === "meta[name=csrf]" ? meta : null) };
});
afterEach(() => delete globalThis.document);

test("a form goes out with the page's token and asks for JSON", async () => {
  let sent;
  const send = async (path, options) => {
    sent = { path, ...options };
    return Response.json({ location: "/there" });
  };
  const answer = await post("/join", { token: "a&b=c" }, send);
  assert.equal(sent.path, "/join");
  assert.equal(sent.method, "POST");
  assert.equal(sent.headers["X-CSRF-Token"], "the-token");
  assert.equal(sent.headers.Accept, "application/json");
  assert.equal(String(sent.body), "token=a%26b%3Dc");
  assert.deepEqual(answer.body, { location: "/there" });
  assert.equal(answer.ok, true);
});

test("a cut line is an answer of status 0", async () => {
  const answer = await post("/join", {}, () => Promise.reject(new TypeError("Failed to fetch")));
  assert.deepEqual([answer.ok, answer.status, answer.body], [false, 0, {}]);
});

for (const text of ["<html>", "null", '"text"', ""]) {
  test(`an answer which is no JSON object has an empty body: ${text}`, async () => {
    const answer = await post("/join", {}, async () => new Response(text, { status: 502 }));
    assert.equal(answer.status, 502);
    assert.deepEqual(answer.body, {});
  });
}
