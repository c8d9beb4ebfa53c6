import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../../web/static/js/call/outbox.js";

/** A server which stores by id and answers as told; `null` stores but loses the answer. */
function server(...answers) {
  const stored = new Map();
  const send = async ({ client_id, text }) => {
    const answer = answers.length ? answers.shift() : "ok";
    if (answer === "ok" || answer === null) stored.has(client_id) || stored.set(client_id, text);
    if (answer === null) return { ok: false, code: "away" };
    return answer === "ok" ? { ok: true, number: stored.size } : { ok: false, code: answer };
  };
  return { stored, send, texts: () => [...stored.values()] };
}

function outbox(send) {
  let made = 0;
  return new Outbox(send, () => `id-${(made += 1)}`, () => {});
}

test("messages go out in the order they were written", async () => {
  const { send, texts } = server();
  const box = outbox(send);
  await Promise.all([box.add("un"), box.add("deux"), box.add("trois")]);
  assert.deepEqual(texts(), ["un", "deux", "trois"]);
  assert.deepEqual(box.pending, []);
});

test("during a cut they wait, and nothing overtakes", async () => {
  const { send, texts } = server("away", "away");
  const box = outbox(send);
  assert.equal(await box.add("un"), "away");
  assert.equal(await box.add("deux"), "away");
  assert.deepEqual(box.pending.map((one) => one.text), ["un", "deux"]);
  assert.equal(await box.flush(), "empty");
  assert.deepEqual(texts(), ["un", "deux"]);
});

test("a lost acknowledgement does not double a message", async () => {
  const { send, texts } = server(null);
  const box = outbox(send);
  await box.add("un");
  assert.equal(box.pending.length, 1);
  await box.flush();
  assert.deepEqual(texts(), ["un"]);
  assert.equal(box.pending.length, 0);
});

test("a message that comes back from the server is delivered", async () => {
  const { send } = server(null);
  const box = outbox(send);
  await box.add("un");
  box.seen("autre chose");
  assert.equal(box.pending.length, 1);
  box.seen("un");
  assert.equal(box.pending.length, 0);
});

test("a message not yet sent is not taken for one of the same text", async () => {
  const { send } = server("away");
  const box = outbox(send);
  await box.add("oui");
  box.add("oui");
  box.seen("oui");
  box.seen("oui");
  assert.equal(box.pending.length, 1);
});

test("a refused message is kept, told, and does not hold up the next", async () => {
  const { send, texts } = server("invalid");
  const box = outbox(send);
  await box.add("un");
  await box.add("deux");
  assert.deepEqual(texts(), ["deux"]);
  assert.deepEqual(box.pending.map((one) => [one.text, one.failed]), [["un", "invalid"]]);
  await box.retry(box.pending[0].client_id);
  assert.deepEqual(texts(), ["deux", "un"]);
});

test("a message that cannot be stored now is kept, and the caller is told to come again", async () => {
  const { send, texts } = server("unavailable", "slow_down");
  const box = outbox(send);
  assert.equal(await box.add("un"), "unavailable");
  assert.equal(await box.flush(), "slow_down");
  assert.equal(await box.flush(), "empty");
  assert.deepEqual(texts(), ["un"]);
});

test("a dropped message is gone", async () => {
  const { send } = server("invalid");
  const box = outbox(send);
  await box.add("un");
  box.drop(box.pending[0].client_id);
  assert.deepEqual(box.pending, []);
});
