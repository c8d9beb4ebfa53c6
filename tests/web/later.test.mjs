import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { fetchLater } from "../../web/static/js/lib/later.js";

/** A page which names these files for later, and what it fetched. */
function page(content, readyState = "complete") {
  const fetched = [], heard = {};
  globalThis.document = {
    readyState,
    querySelector: () => (content === null ? null : { getAttribute: () => content }),
    createElement: () => ({}),
    head: { append: (link) => fetched.push(`${link.rel} ${link.href}`) },
  };
  globalThis.addEventListener = (type, listener) => (heard[type] = listener);
  return { fetched, heard };
}

test("what the next page needs is fetched once this one has been read a while", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { fetched, heard } = page("/a.js /b.css", "loading");
  fetchLater();
  mock.timers.tick(10_000);
  assert.deepEqual(fetched, [], "not while this page is still coming");
  heard.load();
  mock.timers.tick(1000);
  assert.deepEqual(fetched, [], "nor for somebody who clicks at once");
  mock.timers.tick(1000);
  assert.deepEqual(fetched, ["prefetch /a.js", "prefetch /b.css"]);
  mock.timers.reset();
});

test("a page that names nothing fetches nothing", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { fetched } = page(null);
  fetchLater();
  mock.timers.tick(10_000);
  assert.deepEqual(fetched, []);
  mock.timers.reset();
});
