import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

/** A fresh module for each page: the catalogue is read once. */
let load = 0;
const onPage = async (text) => {
  globalThis.document = { getElementById: (id) => (id === "catalogue" && text !== null ? { textContent: text } : null) };
  return (await import(`../../web/static/js/lib/i18n.js?${++load}`))._;
};
afterEach(() => delete globalThis.document);

test("French needs no catalogue", async () => {
  const _ = await onPage(null);
  assert.equal(_("Bonjour {name}", { name: "Rose" }), "Bonjour Rose");
});

test("another language comes from the page, and what it lacks stays French", async () => {
  const _ = await onPage('{"Bonjour {name}": "Hello {name}"}');
  assert.equal(_("Bonjour {name}", { name: "Rose" }), "Hello Rose");
  assert.equal(_("Au revoir"), "Au revoir");
});

test("values are put in as they are, once, and unknown names stay visible", async () => {
  const _ = await onPage(null);
  assert.equal(_("{a} {b} {c}", { a: "{b}", b: "$&" }), "{b} $& {c}");
  assert.equal(_("{toString}", {}), "{toString}");
  assert.equal(_("{n} personnes", { n: 0 }), "0 personnes");
});

test("a message named like a property of objects is not one", async () => {
  const _ = await onPage("{}");
  assert.equal(_("constructor"), "constructor");
});

test("without a page the words are French", async () => {
  delete globalThis.document;
  const { _ } = await import(`../../web/static/js/lib/i18n.js?${++load}`);
  assert.equal(_("Rejoindre"), "Rejoindre");
});
