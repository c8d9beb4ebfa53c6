// Copies a field's text, by whichever way the browser has.

/**
 * @param {HTMLInputElement} field
 * @param {Pick<Clipboard, "writeText"> | undefined} [clipboard]
 * @returns {Promise<boolean>} false when the browser refused: the text is then selected, to copy by hand
 */
export async function copyField(field, clipboard = globalThis.navigator?.clipboard) {
  try {
    if (!clipboard) throw new Error("no clipboard here");
    await clipboard.writeText(field.value);
    return true;
  } catch {
    field.focus();
    field.select();
    return false;
  }
}
