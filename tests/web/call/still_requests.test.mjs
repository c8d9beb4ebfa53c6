import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Requests } from "../../../web/static/js/call/still_requests.js";

function setup(answer = { ok: true }) {
  const said = [];
  const told = { refused: [], unanswered: [] };
  const requests = new Requests(
    async (payload) => (said.push(payload), answer),
    { changed() {}, refused: (code) => told.refused.push(code), unanswered: (seat) => told.unanswered.push(seat) },
  );
  return { requests, said, told };
}

test("a picture is asked for once until it comes, each picture by itself", async () => {
  const { requests, said } = setup();
  await Promise.all([requests.ask("site", "camera"), requests.ask("site", "camera"), requests.ask("site", "exam")]);
  assert.deepEqual(said, [{ seat: "site", source: "camera" }, { seat: "site", source: "exam" }]);
  requests.close("site", "camera");
  assert.deepEqual(requests.seats, ["site"]);
  await requests.ask("site", "camera");
  assert.equal(said.length, 3);
  requests.end();
});

test("a refusal is told, and may be asked again", async () => {
  const { requests, said, told } = setup({ ok: false, code: "full" });
  await requests.ask("site", "camera");
  assert.deepEqual([told.refused, requests.seats], [["full"], []]);
  await requests.ask("site", "camera");
  assert.equal(said.length, 2);
});

test("who does not answer within half a minute is told of, once; who does is not", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { requests, told } = setup();
    await requests.ask("site", "camera");
    await requests.ask("family", "camera");
    requests.close("family", "camera");
    mock.timers.tick(29_000);
    assert.deepEqual(told.unanswered, []);
    mock.timers.tick(1_001);
    assert.deepEqual([told.unanswered, requests.seats], [["site"], []]);
  } finally {
    mock.timers.reset();
  }
});
