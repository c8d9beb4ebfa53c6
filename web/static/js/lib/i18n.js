// The words of the scripts. French is written in the code; another language rides
// on the page as a JSON catalogue. Refuses to fetch anything, and to make HTML.

/** @typedef {Record<string, string | number>} Values */

/** @type {Record<string, string> | undefined} */
let catalogue;

/** @returns {Record<string, string>} */
function readCatalogue() {
  const text = globalThis.document?.getElementById("catalogue")?.textContent;
  return text ? JSON.parse(text) : {};
}

/**
 * The message in the page's language, with `{name}` replaced by `values.name`.
 * @param {string} message in French
 * @param {Values} [values]
 * @returns {string} plain text
 */
export function _(message, values = {}) {
  catalogue ??= readCatalogue();
  const text = Object.hasOwn(catalogue, message) ? catalogue[message] : message;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}
