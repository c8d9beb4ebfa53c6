import assert from "node:assert/strict";
import { test } from "node:test";
import { hasty } from "../../../web/static/js/call/haste.js";

globalThis.WebSocket ??= class {};
const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

/** Engine.IO's transport, as it treats its socket. */
class Base {
  made = 0;
  heard = [];

  createSocket() {
    this.made += 1;
    return { readyState: CONNECTING };
  }

  doOpen() {
    this.ws = this.createSocket("wss://x/", [], {});
    this.ws.onopen = () => this.heard.push("open");
    this.ws.onmessage = ({ data }) => this.heard.push(data);
  }
}

function opened(readyState, told = []) {
  globalThis.carbetEarly = { socket: { readyState }, told: told.map((data) => ({ data })) };
  const transport = new (hasty(Base))();
  transport.doOpen();
  return transport;
}

test("what came before anybody listened is heard in its order, after the opening", async () => {
  const transport = opened(OPEN, ["0{}", "2"]);
  assert.deepEqual(transport.heard, [], "not while Engine.IO is still opening");
  await null;
  assert.deepEqual(transport.heard, ["open", "0{}", "2"]);
  assert.equal(transport.made, 0);
});

test("a socket still on its way is waited for as any other", async () => {
  const transport = opened(CONNECTING);
  await null;
  assert.deepEqual([transport.heard, transport.made], [[], 0]);
  transport.ws.onopen();
  assert.deepEqual(transport.heard, ["open"]);
});

test("one that did not live is left, and the next connection makes its own", () => {
  assert.equal(opened(CLOSED).made, 1);
  const transport = opened(OPEN);
  transport.doOpen();
  assert.equal(transport.made, 1);
});
