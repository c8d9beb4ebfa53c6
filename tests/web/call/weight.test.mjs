import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../../web/static/", import.meta.url).pathname;
const TEMPLATE = readFileSync(new URL("../../../web/templates/call.html", import.meta.url), "utf8");
const VENDOR = {
  "vendor/socket.io.esm.min.js": new URL("../../../node_modules/socket.io-client/dist/socket.io.esm.min.js", import.meta.url).pathname,
};
// The page's ceiling is 120 kB with everything; this leaves room for its HTML, words and handshakes.
const CEILING = 75_000;

/** Every module the page loads, by following its imports. */
function modulesFrom(entry) {
  const found = new Set([entry]);
  for (const path of found) {
    if (path in VENDOR) continue;
    const source = readFileSync(join(STATIC, path), "utf8");
    for (const [, target] of source.matchAll(/^import [^;]*from "(\.[^"]+)";$/gm))
      found.add(normalize(join(dirname(path), target)));
  }
  return [...found];
}

const modules = modulesFrom("js/pages/call.js");

test("every module is fetched at once with the page, and none that it does not need", () => {
  const [, list] = TEMPLATE.match(/for module in \(([^)]*)\)/);
  const preloaded = [...list.matchAll(/"([^"]+)"/g)].map(([, name]) => `js/${name}.js`);
  if (TEMPLATE.includes("static('vendor/socket.io.esm.min.js')")) preloaded.push("vendor/socket.io.esm.min.js");
  assert.deepEqual(preloaded.sort(), [...modules].sort());
});

test("scripts and styles of the call stay light", () => {
  const paths = [...modules, "css/base.css", "css/call.css"].map((path) => VENDOR[path] ?? join(STATIC, path));
  const bytes = paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
  assert.ok(bytes <= CEILING, `${bytes} bytes compressed`);
});

test("no script makes markup out of text", () => {
  for (const path of modules.filter((name) => !(name in VENDOR))) {
    const source = readFileSync(join(STATIC, path), "utf8");
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/, path);
  }
});
