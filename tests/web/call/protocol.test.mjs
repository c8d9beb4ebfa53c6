import assert from "node:assert/strict";
import { test } from "node:test";

import { Line } from "../../../web/static/js/call/protocol.js";

/** Socket.IO's client side, driven by the test; `answers` by event, `null` when none comes. */
class Socket {
  connected = false;
  active = true;
  dials = 0;
  heard = {};
  said = [];
  answers = {};

  hints = [];
  volatile = { emit: (event, payload) => this.hints.push([event, payload]) };

  on(name, heard) {
    this.heard[name] = heard;
  }

  timeout() {
    return {
      emitWithAck: async (event, payload) => {
        this.said.push([event, payload]);
        const answer = event in this.answers ? this.answers[event] : { ok: true };
        if (answer === null) throw new Error("operation has timed out");
        return answer;
      },
    };
  }

  connect() {
    this.dials += 1;
  }

  disconnect() {
    this.connected = false;
    return this;
  }

  rise() {
    this.connected = true;
    this.heard.connect();
  }

  fall(reason = "transport close") {
    this.connected = false;
    this.heard.disconnect(reason);
  }
}

function setup(known = () => ({ last_message: 0, session: undefined })) {
  const socket = new Socket();
  let options;
  const io = (path, given) => {
    options = given;
    return socket;
  };
  const line = new Line(io, "consultation", known);
  const told = [];
  for (const type of ["up", "down", "refused", "superseded", "room", "kept"])
    line.addEventListener(type, ({ detail }) => told.push([type, detail]));
  const auth = () => {
    let given;
    options.auth((value) => (given = value));
    return given;
  };
  return { line, socket, told, auth };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("each connection says which consultation, the same tab, and what is already here", () => {
  let last = 0;
  const { auth } = setup(() => ({ last_message: last, session: last ? "s" : undefined }));
  const first = auth();
  last = 7;
  const second = auth();
  assert.equal(first.consultation, "consultation");
  assert.equal(first.tab, second.tab);
  assert.deepEqual([first.last_message, second.last_message, second.session], [0, 7, "s"]);
});

test("a command without a line, or without an answer, is `away`", async () => {
  const { line, socket } = setup();
  assert.deepEqual(await line.say("hand", { up: true }), { ok: false, code: "away" });
  socket.rise();
  socket.answers.hand = null;
  assert.deepEqual(await line.say("hand", { up: true }), { ok: false, code: "away" });
});

test("what is kept is said after each cut, with the latest payload", async () => {
  const { line, socket } = setup();
  line.keep("media", { mic: "on" });
  assert.deepEqual(socket.said, []);
  socket.rise();
  await settled();
  line.keep("media", { mic: "off" });
  await settled();
  socket.fall();
  socket.rise();
  await settled();
  assert.deepEqual(socket.said.map(([, payload]) => payload.mic), ["on", "off", "off"]);
});

test("what is forgotten is not said again", async () => {
  const { line, socket } = setup();
  line.keep("knock", {});
  line.forget("knock");
  socket.rise();
  await settled();
  assert.deepEqual(socket.said, []);
});

test("an answer to an older payload does not count for the newer", async () => {
  const { line, socket, told } = setup();
  socket.rise();
  line.keep("consent", { given: true });
  line.keep("consent", { given: false });
  await settled();
  const kept = told.filter(([type]) => type === "kept");
  assert.deepEqual(kept.map(([, detail]) => detail.payload.given), [false]);
});

test("a superseded page closes its line and hears nothing of a refusal after", () => {
  const { socket, told } = setup();
  socket.rise();
  socket.heard.superseded();
  assert.equal(socket.connected, false);
  assert.deepEqual(told.map(([type]) => type), ["up", "superseded"]);
});

test("a server that cannot be reached is a cut; one that refuses is the end", () => {
  const { socket, told } = setup();
  socket.heard.connect_error(new Error("xhr poll error"));
  assert.equal(told.at(-1)[0], "down");
  socket.active = false;
  socket.heard.connect_error(Object.assign(new Error("refused"), { data: { code: "unknown" } }));
  assert.deepEqual(told.at(-1), ["refused", { code: "unknown" }]);
});

test("a line that does not answer is dialled anew; one that does is left alone", async (t) => {
  const { line, socket } = setup();
  t.after(() => line.close());
  line.open();
  socket.rise();
  line.keep("media", { mic: "on" });
  await settled();
  assert.equal(await line.poke(), true);
  assert.equal(socket.dials, 1);
  socket.answers.media = null;
  assert.equal(await line.poke(), false);
  assert.equal(socket.dials, 2);
});

test("asked twice at once whether it lives, a line is poked once", async (t) => {
  const { line, socket } = setup();
  t.after(() => line.close());
  socket.rise();
  line.keep("media", { mic: "on" });
  await settled();
  await Promise.all([line.poke(), line.poke()]);
  assert.equal(socket.said.length, 2, "kept once, poked once");
});

test("a line that went is dialled again, a closed one never", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { line, socket } = setup();
  line.open();
  socket.rise();
  socket.fall();
  t.mock.timers.tick(301);
  assert.equal(socket.dials, 2);
  line.close();
  t.mock.timers.tick(60_000);
  assert.equal(socket.dials, 2);
});

test("a dialling that leads nowhere is given up", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { line, socket, told } = setup();
  line.open();
  t.mock.timers.tick(14_999);
  assert.deepEqual(told, []);
  t.mock.timers.tick(1);
  assert.deepEqual(told.at(-1), ["down", { reason: "swallowed" }]);
  line.close();
  assert.equal(socket.connected, false);
});

test("a hint is dropped while the line is down, and never said later", () => {
  const { line, socket } = setup();
  line.hint("pointer", { x: 0.1 });
  socket.rise();
  line.hint("pointer", { x: 0.2 });
  assert.deepEqual([socket.hints, socket.said], [[["pointer", { x: 0.2 }]], []]);
});

test("what the server wants answered carries its answer", () => {
  const { line, socket } = setup();
  const heard = [];
  line.addEventListener("still_part", ({ detail }) => heard.push(detail));
  const answer = () => {};
  socket.heard.still_part({ id: "s", offset: 0 }, answer);
  assert.deepEqual(heard, [{ id: "s", offset: 0, answer }]);
});
