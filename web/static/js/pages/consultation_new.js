// The planning form: the date only when it is for later, the hour at the site, and as many
// third parties as wanted. Without this script every field is there and the form works.

import { _ } from "../lib/i18n.js";

const MOST_GUESTS = 8;

/**
 * What a clock in `zone` shows when one here shows `date` and `time`.
 * @param {string} date yyyy-mm-dd
 * @param {string} time hh:mm
 * @param {string} zone of the site, IANA
 * @param {string} mine zone of the person who plans, IANA
 * @param {string} locale
 * @returns {string} empty while something is missing or when both clocks agree
 */
export function hourAt(date, time, zone, mine, locale) {
  if (!date || !time || !zone) return "";
  const instant = instantOf(date, time, mine);
  const show = (/** @type {string} */ timeZone) =>
    new Intl.DateTimeFormat(locale, { weekday: "long", hour: "2-digit", minute: "2-digit", timeZone }).format(instant);
  return show(zone) === show(mine) ? "" : show(zone);
}

/**
 * @param {string} date
 * @param {string} time
 * @param {string} zone
 * @returns {Date}
 */
function instantOf(date, time, zone) {
  const asUtc = new Date(`${date}T${time}:00Z`);
  const shifted = new Date(asUtc.toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T") + "Z");
  return new Date(2 * asUtc.getTime() - shifted.getTime());
}

/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

function watchMoment() {
  const later = /** @type {HTMLElement} */ (document.getElementById("later"));
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=when]"));
  const show = () => {
    const wanted = [...radios].some((radio) => radio.checked && radio.value === "later");
    later.hidden = !wanted;
    for (const field of later.querySelectorAll("input")) field.required = wanted;
    showSiteTime();
  };
  for (const radio of radios) radio.addEventListener("change", show);
  for (const id of ["f-date", "f-time", "f-site_id"]) input(id).addEventListener("input", showSiteTime);
  show();
}

function showSiteTime() {
  const notice = /** @type {HTMLElement} */ (document.getElementById("site-time"));
  const site = /** @type {HTMLSelectElement} */ (document.getElementById("f-site_id")).selectedOptions[0]?.dataset ?? {};
  const mine = notice.dataset.zone || "Europe/Paris";
  const hidden = /** @type {HTMLElement} */ (document.getElementById("later")).hidden;
  const there = hidden ? "" : hourAt(input("f-date").value, input("f-time").value, site.zone ?? "", mine, document.documentElement.lang);
  notice.hidden = !there;
  const words = /** @type {HTMLElement} */ (notice.querySelector("span"));
  words.textContent = there && _("À {city}, ce sera {time}.", { city: site.city ?? "", time: there });
}

/** @returns {HTMLElement[]} */
const guests = () => [...document.querySelectorAll("[data-guest]")].map((row) => /** @type {HTMLElement} */ (row));

/** @param {HTMLElement} row */
const isEmpty = (row) => [...row.querySelectorAll("input, select")].every((field) => !(/** @type {HTMLInputElement} */ (field).value));

/** @param {HTMLElement} row @param {boolean} there */
function place(row, there) {
  row.hidden = !there;
  if (there) return;
  for (const field of row.querySelectorAll("input, select")) /** @type {HTMLInputElement} */ (field).value = "";
}

/** A hidden row if there is one, else a copy of the first with ids of its own. */
function nextRow() {
  const free = guests().find((row) => row.hidden);
  if (free) return free;
  const copy = /** @type {HTMLElement} */ (guests()[0].cloneNode(true));
  const number = guests().length + 1;
  for (const element of copy.querySelectorAll("[id], [for]")) {
    for (const name of ["id", "for"]) {
      const value = element.getAttribute(name);
      if (value) element.setAttribute(name, value.replace(/\d+$/, String(number)));
    }
  }
  place(copy, false);
  document.getElementById("guests")?.append(copy);
  return copy;
}

function watchGuests() {
  const add = /** @type {HTMLElement} */ (document.getElementById("add-guest"));
  const count = () => guests().filter((row) => !row.hidden).length;
  for (const row of guests()) {
    place(row, !isEmpty(row));
    /** @type {HTMLElement} */ (row.querySelector("[data-remove-guest]")).hidden = false;
  }
  add.hidden = count() >= MOST_GUESTS;
  add.addEventListener("click", () => {
    const row = nextRow();
    row.hidden = false;
    row.querySelector("select")?.focus();
    add.hidden = count() >= MOST_GUESTS;
  });
  document.getElementById("guests")?.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-remove-guest]");
    if (!button) return;
    place(/** @type {HTMLElement} */ (button.closest("[data-guest]")), false);
    add.hidden = false;
    add.focus();
  });
}

if (globalThis.document) {
  watchMoment();
  watchGuests();
}
