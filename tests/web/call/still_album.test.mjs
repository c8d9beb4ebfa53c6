import assert from "node:assert/strict";
import { test } from "node:test";

import { Album } from "../../../web/static/js/call/still_album.js";
import { settled } from "./clock.mjs";

const stage = (bytes, width = 640, height = 480) => ({ bytes, type: "image/webp", width, height });
const still = (id, extra = {}) => ({ id, seat: "site", source: "camera", by: null, why: "asked", at: "2026-11-22T10:00:00Z", stages: [stage(5), stage(8, 1280, 960)], have: 0, ...extra });

/** Pictures are those blobs that do not begin with 0. */
function setup() {
  const open = new Map();
  let made = 0;
  const gallery = {
    open: (blob) => (open.set(`blob:${(made += 1)}`, blob), `blob:${made}`),
    close: (url) => open.delete(url),
    proof: async (url) => {
      const [first] = new Uint8Array(await open.get(url).arrayBuffer());
      if (!first) throw new Error("no picture");
    },
  };
  const changes = [];
  return { album: new Album(({ id }) => changes.push(id), gallery), open, changes };
}

const part = (id, at, offset, ...bytes) => ({ id, stage: at, offset, data: Uint8Array.from(bytes).buffer });
/** A proof reads the blob, which takes longer than promises do. */
const proven = async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  await settled();
};

test("a still refines: each stage whole, in order, of the announced type", async () => {
  const { album, open } = setup();
  album.announce(still("a"));
  assert.deepEqual(album.receive(part("a", 0, 0, 1, 2, 3)), { ok: true, stage: 0, offset: 3 });
  assert.equal(album.get("a").done, 0.6);
  assert.equal(album.get("a").url, null);
  album.receive(part("a", 0, 3, 4, 5));
  await proven();
  const first = album.get("a");
  assert.deepEqual([first.shown, first.done, open.get(first.url).type], [0, 0, "image/webp"]);
  album.receive(part("a", 1, 0, 1, 2, 3, 4, 5, 6, 7, 8));
  await proven();
  assert.equal(album.get("a").shown, 1);
  assert.deepEqual([...new Uint8Array(await open.get(album.get("a").url).arrayBuffer())], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("bytes that come twice count once; a gap says where to go on", async () => {
  const { album } = setup();
  album.announce(still("a"));
  album.receive(part("a", 0, 0, 1, 2, 3));
  assert.deepEqual(album.receive(part("a", 0, 4, 5)), { ok: false, code: "invalid", stage: 0, offset: 3 });
  assert.deepEqual(album.receive(part("a", 0, 0, 1, 2, 3)), { ok: true, stage: 0, offset: 3 });
  assert.deepEqual(album.receive(part("a", 0, 2, 3, 4, 5)), { ok: true, stage: 0, offset: 5 });
  await proven();
  assert.equal(album.get("a").shown, 0);
  assert.deepEqual(album.receive(part("a", 0, 0, 1)), { ok: true, stage: 0, offset: 5 });
});

test("more than was announced, an unknown still and an unknown stage are refused", () => {
  const { album } = setup();
  album.announce(still("a"));
  for (const wrong of [part("a", 0, 0, 1, 2, 3, 4, 5, 6), part("b", 0, 0, 1), part("a", 7, 0, 1)]) assert.equal(album.receive(wrong).ok, false);
});

test("a file that is no picture leaves the one before", async () => {
  const { album, open } = setup();
  album.announce(still("a"));
  album.receive(part("a", 0, 0, 1, 2, 3, 4, 5));
  await proven();
  const { url } = album.get("a");
  album.receive(part("a", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  await proven();
  assert.deepEqual([album.get("a").url, album.get("a").shown, open.size], [url, 0, 1]);
});

test("absurd announcements are not believed", () => {
  const { album } = setup();
  for (const stages of [[stage(5, 20000, 10000)], [stage(0)], [stage(1e9)], [stage(1.5)], [stage(5, -1, -1)], null]) assert.equal(album.announce(still("a", { stages })), false);
  assert.deepEqual(album.all, []);
});

test("up to 25 megapixels and 4 megabytes are believed, as the server does", () => {
  const { album } = setup();
  assert.equal(album.announce(still("a", { stages: [stage(4_000_000, 5000, 5000)] })), true);
  for (const one of [stage(4_000_001), stage(5, 5001, 5000)]) assert.equal(album.announce(still("b", { stages: [one] })), false);
});

test("what is announced again keeps what came", async () => {
  const { album } = setup();
  album.announce(still("a"));
  album.receive(part("a", 0, 0, 1, 2, 3, 4, 5));
  await proven();
  album.announce(still("a", { have: 2 }));
  assert.deepEqual([album.get("a").shown, album.get("a").have], [0, 2]);
});

test("the latest of a camera is the newest that can be shown", async () => {
  const { album } = setup();
  album.announce(still("a"));
  album.announce(still("b"));
  album.announce(still("x", { source: "exam" }));
  for (const id of ["a", "x"]) album.receive(part(id, 0, 0, 1, 2, 3, 4, 5));
  await proven();
  assert.equal(album.latest("site", "camera").id, "a");
  assert.equal(album.latest("site", "exam").id, "x");
  assert.equal(album.latest("other", "camera"), undefined);
});

test("of automatic stills the last few are kept, and all that were asked for", async () => {
  const { album, open } = setup();
  album.announce(still("kept"));
  for (let made = 0; made < 8; made += 1) {
    album.announce(still(`auto${made}`, { why: "rung", stages: [stage(5)] }));
    album.receive(part(`auto${made}`, 0, 0, 1, 2, 3, 4, 5));
    await proven();
  }
  assert.deepEqual(album.all.map(({ id }) => id), ["kept", "auto4", "auto5", "auto6", "auto7"]);
  assert.equal(open.size, 4);
});

test("a still that is gone leaves nothing behind", async () => {
  const { album, open, changes } = setup();
  album.announce(still("a"));
  album.receive(part("a", 0, 0, 1, 2, 3, 4, 5));
  await proven();
  album.forget("a");
  assert.deepEqual([album.all, open.size, changes.at(-1)], [[], 0, "a"]);
});
