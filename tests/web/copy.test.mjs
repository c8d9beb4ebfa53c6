import assert from "node:assert/strict";
import { test } from "node:test";
import { copyField } from "../../web/static/js/lib/copy.js";

const field = () => ({ value: "https://x/j#t", focused: false, selected: false, focus() { this.focused = true; }, select() { this.selected = true; } });

test("the clipboard takes the text", async () => {
  let kept = "";
  const done = await copyField(field(), { writeText: async (text) => { kept = text; } });
  assert.deepEqual([done, kept], [true, "https://x/j#t"]);
});

test("refused or absent, the text is selected to copy by hand", async () => {
  for (const clipboard of [{ writeText: () => Promise.reject(new Error("no")) }, undefined]) {
    const input = field();
    assert.equal(await copyField(input, clipboard), false);
    assert.deepEqual([input.focused, input.selected], [true, true]);
  }
});
