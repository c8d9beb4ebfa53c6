import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "../../web/static/js/expertise/pace.js";
import { left } from "../../web/static/js/expertise/photo_words.js";
import { STALL_MS, Upload } from "../../web/static/js/expertise/upload.js";

/** A tus client whose server is the test. */
class Client {
  static last;
  url = null;
  starts = 0;
  aborts = 0;
  constructor(file, options) {
    this.options = options;
    this.url = options.uploadUrl;
    Client.last = this;
  }
  start() { this.starts += 1; }
  async abort() { this.aborts += 1; }
}

/** A clock moved by hand. */
function clock() {
  let now = 0, next = 1;
  const waiting = new Map();
  return {
    set(act, ms) { waiting.set(next, { at: now + ms, act }); return next++; },
    clear(timer) { waiting.delete(timer); },
    async pass(ms) {
      now += ms;
      for (const [timer, { at, act }] of [...waiting]) if (at <= now && waiting.delete(timer)) act();
      await Promise.resolve();
      await Promise.resolve();
    },
    get count() { return waiting.size; },
  };
}

function uploading(url = null) {
  const told = [], timers = clock();
  const file = new Blob(["x".repeat(1000)]);
  const upload = new Upload({ file, endpoint: "/e", url, token: "t", metadata: {} }, (each) => told.push(each), Client, timers);
  upload.start();
  return { upload, told, timers, client: Client.last };
}

const answered = (status) => ({ originalResponse: { getStatus: () => status } });

test("sent in one go it is kept, and nothing is left ticking", async () => {
  const { told, timers, client } = uploading();
  client.options.onProgress(400, 1000);
  client.options.onSuccess();
  assert.deepEqual(told.map((each) => [each.state, each.sent]), [["sending", 400], ["kept", 1000]]);
  assert.equal(timers.count, 0);
  client.options.onError(new Error("too late"));
  assert.equal(told.length, 2);
});

test("cut, it says what the server is known to have, and asks again, sooner then later", async () => {
  const { told, timers, client } = uploading();
  client.options.onProgress(600, 1000);
  client.options.onChunkComplete(256, 256, 1000);
  client.options.onProgress(700, 1000);
  for (const wait of [0, 1000, 2000, 5000]) {
    const starts = client.starts;
    client.options.onError(new Error("network"));
    assert.deepEqual(told.at(-1), { state: "waiting", sent: 256 });
    if (wait) await timers.pass(wait - 1);
    assert.equal(client.starts, starts, "not before its time");
    await timers.pass(wait ? 1 : 0);
    assert.equal(client.starts, starts + 1);
  }
  client.options.onChunkComplete(256, 512, 1000);
  client.options.onError(answered(507));
  await timers.pass(0);
  assert.equal(client.starts, 6, "what arrives makes it hopeful again");
});

test("a link that fell silent is left, and taken up anew", async () => {
  const { told, timers, client } = uploading();
  client.options.onProgress(100, 1000);
  await timers.pass(STALL_MS - 1);
  client.options.onProgress(100, 1000);
  await timers.pass(1);
  assert.equal(client.aborts, 1, "the same count is no progress");
  assert.equal(told.at(-1).state, "waiting");
  await timers.pass(0);
  assert.equal(client.starts, 2);
});

test("what the server judged is final, what is of the moment is not", async () => {
  for (const status of [400, 403, 404, 410, 412, 413, 415, 422, 460]) {
    const { told, timers, client } = uploading("/e/1");
    client.options.onError(answered(status));
    assert.deepEqual(told, [{ state: "refused", sent: 0, status }]);
    assert.equal(timers.count, 0);
  }
  for (const status of [0, 409, 423, 429, 500, 503, 507]) {
    const { told, client } = uploading("/e/1");
    client.options.onError(answered(status));
    assert.equal(told.at(-1).state, "waiting", String(status));
  }
  const { told, client } = uploading();
  client.options.onError(answered(409));
  assert.equal(told.at(-1).state, "refused", "a request that takes no photograph");
});

test("when the link is back nobody waits", async () => {
  const { upload, timers, client } = uploading();
  for (let n = 0; n < 6; n += 1) { client.options.onError(new Error("cut")); await timers.pass(30_000); }
  const starts = client.starts;
  client.options.onError(new Error("cut"));
  upload.hurry();
  upload.hurry();
  assert.equal(client.starts, starts + 1);
});

test("stopped, it says nothing more", async () => {
  const { upload, told, timers, client } = uploading();
  upload.stop();
  client.options.onProgress(5, 10);
  client.options.onError(new Error("x"));
  await timers.pass(STALL_MS);
  assert.deepEqual([told, client.aborts, timers.count], [[], 1, 0]);
});

test("time left is told when it can be, and a cut tells nothing of after", () => {
  const pace = new Pace();
  assert.equal(pace.secondsFor(100), null);
  pace.tell(0, 0);
  pace.tell(2, 2000);
  assert.equal(pace.secondsFor(1000), null, "too soon");
  pace.tell(4, 4000);
  assert.equal(pace.secondsFor(8000), 8);
  for (let at = 5; at < 60; at += 1) pace.tell(at, 4000 + (at - 4) * 100);
  assert.ok(Math.abs(pace.secondsFor(1000) - 10) < 0.5, "the last half minute counts");
  pace.tell(61, 10);
  assert.equal(pace.secondsFor(1000), null, "another file");
  pace.forget();
  assert.equal(pace.secondsFor(1), null);
});

test("time left in words", () => {
  assert.deepEqual([null, 0.2, 42.4, 89, 90, 600].map(left), ["", "encore 1 s", "encore 42 s", "encore 89 s", "encore 2 min", "encore 10 min"]);
});
