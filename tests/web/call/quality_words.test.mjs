import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { lang: "fr" }, getElementById: () => null };
const { advice, carried, rate, reason, turnLine, verdictLines, volume, where } = await import("../../../web/static/js/call/quality_words.js");

const SITE = { seat: "site", name: "Odile Apatou", place: "CDPS de Maripasoula" };
const line = (more) => ({ way: "in", own: false, who: SITE, rung: "stills", cause: "link", figure: 41.3, every: null, voice: true, picture: true, all: false, ...more });
const says = (more) => verdictLines({ level: "weak", lines: [line(more)], who: SITE })[0].text;

test("a place is named as one says it aloud", () => {
  const named = (place) => where({ name: "Odile", place });
  assert.equal(named("CDPS de Maripasoula"), "Maripasoula");
  assert.equal(named("CHU de Besançon"), "Besançon");
  assert.equal(named("Centre hospitalier d’Apatou"), "Apatou");
  assert.equal(named("Maison de santé de Saint-Georges"), "Saint-Georges");
  assert.equal(named("EHPAD Les Tilleuls"), "EHPAD Les Tilleuls");
  assert.equal(named(""), "Odile");
});

test("the issue's own sentence", () => {
  assert.equal(says({ way: "out" }), "Liaison faible vers Maripasoula : voix + images fixes");
  assert.equal(says({}), "Liaison faible depuis Maripasoula : voix + images fixes");
});

test("the thin end is told what the others see of it, how often and why", () => {
  const own = { way: "out", own: true, every: 8, all: true };
  assert.equal(says(own), "Les autres vous voient en images fixes, toutes les 10 secondes environ : votre liaison montante est faible (environ 41 kbit/s).");
  const { brief } = verdictLines({ level: "weak", lines: [line({ ...own, all: false })], who: SITE })[0];
  assert.equal(brief, "Maripasoula vous voit en images fixes, toutes les 10 secondes environ : votre liaison montante est faible.");
});

test("how often is told so coarsely that it stands still", () => {
  const often = (every) => says({ way: "out", own: true, every }).match(/toutes les (\d+)/)[1];
  assert.deepEqual([4, 5, 5.1, 8, 10, 11, 20, 30, 45].map(often), ["5", "5", "10", "10", "10", "20", "20", "30", "60"]);
});

test("every cause and every rung has words of its own, on either side", () => {
  const texts = new Set();
  for (const cause of ["link", "choice", "processor", "ceiling", "starting", "climbing"])
    for (const rung of ["slow", "sharp", "stills", "voice", "text"])
      for (const own of [true, false]) texts.add(says({ cause, rung, own, way: "out" }));
  assert.equal(texts.size, 60);
});

test("no voice is promised of a silent microphone, nor a picture of a camera that is off", () => {
  assert.equal(carried({ rung: "stills", voice: false }), "images fixes");
  assert.equal(carried({ rung: "motion", picture: false }), "voix seule");
  assert.equal(carried({ rung: "motion", voice: false, picture: false }), "ni voix ni image");
});

test("a change carries its reason", () => {
  const fall = { way: "fall", rung: "slow", cause: "link", side: "from", at: 0 };
  assert.equal(turnLine(fall, SITE), "Image réduite : la liaison de Maripasoula ne suffit plus.");
  assert.equal(turnLine({ ...fall, side: "to" }, SITE), "Image réduite : votre liaison ne suffit plus.");
  assert.equal(turnLine({ ...fall, way: "climb" }, SITE), "L’image s’améliore : voix + image moins fluide.");
});

test("every reason is a sentence, with its figures where there are any", () => {
  const told = (code, have = null, need = null, place = "Maripasoula") => reason({ rung: "stills", why: { code, have, need } }, place);
  for (const code of ["fine", "rate", "loss", "delay", "choice", "processor", "ceiling", "starting", "climbing", "receiver"]) assert.match(told(code), /^\p{Lu}.*\.$/u, code);
  assert.equal(told("rate", 41.3, 60), "La liaison porte environ 41 kbit/s (Maripasoula) ; il faudrait 60 kbit/s pour mieux.");
  assert.equal(told("rate", 41.3, 60, null), "Votre liaison porte environ 41 kbit/s ; il faudrait 60 kbit/s pour mieux.");
  assert.equal(told("whatever"), "whatever");
});

test("figures are as coarse as they are sure", () => {
  assert.deepEqual([7, 41, 187, 2400].map(rate), ["7 kbit/s", "41 kbit/s", "190 kbit/s", "2,4 Mbit/s"]);
  assert.deepEqual([0, 4_200, 250_000, 12_300_000, 1_500_000_000].map(volume), ["0 ko", "4 ko", "0,3 Mo", "12 Mo", "1,5 Go"]);
});

test("advice names the one person to call", () => {
  assert.match(advice("text", { name: "Odile Apatou", own: false }).text, /Appelez Odile Apatou au téléphone/);
  assert.match(advice("none", { name: "", own: false }).text, /Appelez les autres au téléphone/);
  const titles = ["voice", "text"].flatMap((code) => [true, false].map((own) => advice(code, { name: "", own }).title));
  assert.equal(new Set(titles).size, 4);
});
