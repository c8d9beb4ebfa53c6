import assert from "node:assert/strict";
import { test } from "node:test";

import { Uplink, isDue, read } from "../../../web/static/js/call/uplink.js";

const FINE = { up: 300_000, rtt: 0.6, loss: 0, limited: "none", session: "one", sent: 0, received: 0 };

/** What a browser counts: `at` in ms, bytes and packets each way, and what the far end lacks. */
function report({ at = 0, sent = 0, received = 0, packets = 0, lost = 0, up = 200_000, limits = ["none"] }) {
  const rows = [
    { id: "T", type: "transport", selectedCandidatePairId: "P2" },
    { id: "P1", type: "candidate-pair", nominated: true, bytesSent: 7, bytesReceived: 7 },
    {
      id: "P2",
      type: "candidate-pair",
      timestamp: at,
      bytesSent: sent,
      bytesReceived: received,
      packetsSent: packets,
      packetsReceived: 0,
      availableOutgoingBitrate: up,
      currentRoundTripTime: 0.6,
    },
    { id: "R", type: "remote-inbound-rtp", packetsLost: lost },
    ...limits.map((why, n) => ({ id: `O${n}`, type: "outbound-rtp", packetsSent: n ? 0 : packets, qualityLimitationReason: why })),
  ];
  return new Map(rows.map((row) => [row.id, row]));
}

function setup() {
  const clock = { now: 0 };
  const carrier = { id: "one", next: report({}), pc: { getStats: async () => carrier.next } };
  const held = { carrier };
  const uplink = new Uplink(() => held.carrier, () => clock.now);
  const told = [];
  for (const type of ["sample", "link"]) uplink.addEventListener(type, ({ detail }) => told.push([type, detail]));
  const look = async (figures) => {
    held.carrier.next = report({ at: clock.now, ...figures });
    await uplink.look();
    clock.now += 1000;
  };
  const links = () => told.filter(([type]) => type === "link").map(([, detail]) => detail);
  return { uplink, held, clock, look, links };
}

test("the pair in use is read, with the envelope of each packet", () => {
  const reading = read(report({ at: 5, sent: 1000, received: 2000, packets: 10, lost: 2, limits: ["none", "cpu", "bandwidth"] }));
  assert.deepEqual(reading, { at: 5, sent: 1280, received: 2000, up: 200_000, rtt: 0.6, limited: "cpu", lost: 2, packets: 10 });
});

test("a browser which tells little is read as far as it goes", () => {
  const rows = [
    { id: "P", type: "candidate-pair", timestamp: 9, selected: true, bytesSent: 50, bytesReceived: 60 },
    { id: "R", type: "remote-inbound-rtp", roundTripTime: 0.3 },
    { id: "O", type: "outbound-rtp", packetsSent: 2 },
    { id: "I", type: "inbound-rtp", packetsReceived: 3 },
  ];
  const reading = read(new Map(rows.map((row) => [row.id, row])));
  assert.deepEqual(reading, { at: 9, sent: 106, received: 144, up: null, rtt: 0.3, limited: "none", lost: 0, packets: 2 });
  assert.equal(read(new Map()).up, null);
});

test("a sample is the difference of two readings", async () => {
  const { uplink, look } = setup();
  await look({ sent: 1000, received: 500, packets: 10, lost: 1 });
  assert.deepEqual(uplink.samples(), []);
  await look({ sent: 3000, received: 1500, packets: 30, lost: 3 });
  const [sample] = uplink.samples();
  assert.equal(sample.up, 8 * (2000 + 20 * 28));
  assert.equal(sample.down, 8000);
  assert.equal(sample.loss, 0.1);
  assert.equal(sample.sent, 3000 + 30 * 28);
  assert.equal(sample.received, 1500);
  assert.equal(sample.estimate, 200_000);
});

test("nothing sent is no loss, and counters which begin anew are none either", async () => {
  const { uplink, look } = setup();
  await look({ packets: 10, lost: 5 });
  await look({ packets: 10, lost: 5 });
  await look({ packets: 2, lost: 0 });
  await look({ packets: 12, lost: 0 });
  assert.deepEqual(uplink.samples().map((one) => one.loss), [null, null, 0]);
  assert.deepEqual(uplink.samples().map((one) => one.up), [0, 0, 8 * 10 * 28]);
});

test("two minutes are kept", async () => {
  const { uplink, look } = setup();
  for (let n = 0; n < 130; n++) await look({ sent: n });
  assert.equal(uplink.samples().length, 120);
  assert.equal(uplink.samples()[0].at, 10_000);
  assert.equal(uplink.samples().at(-1).at, 129_000);
});

test("the bytes of the call go on over a change of session", async () => {
  const { uplink, held, look } = setup();
  await look({ sent: 1000, received: 100 });
  await look({ sent: 5000, received: 300 });
  held.carrier = { id: "two", pc: { getStats: async () => held.carrier.next } };
  await look({ sent: 10, received: 1 });
  await look({ sent: 30, received: 2 });
  assert.deepEqual(uplink.samples().map((one) => [one.sent, one.received]), [[5000, 300], [5030, 302]]);
});

test("a session which ends while it is read, or cannot be read, is not counted", async () => {
  const { uplink, held, look } = setup();
  await look({});
  const { carrier } = held;
  carrier.pc.getStats = async () => {
    held.carrier = null;
    return carrier.next;
  };
  await uplink.look();
  carrier.pc.getStats = async () => {
    throw new Error("closed");
  };
  held.carrier = carrier;
  await uplink.look();
  assert.deepEqual(uplink.samples(), []);
});

test("the first report goes out at once, and the next when there is something to say", async () => {
  const { look, links } = setup();
  await look({ up: 300_000 });
  await look({ up: 300_000, packets: 10 });
  assert.equal(links().length, 1);
  assert.equal(links()[0].session, "one");
  for (let n = 0; n < 8; n++) await look({ up: 310_000 });
  assert.equal(links().length, 1);
  await look({ up: 400_000 });
  assert.equal(links().length, 2);
  for (let n = 0; n < 15; n++) await look({ up: 400_000 });
  assert.equal(links().length, 3);
});

test("a report waits two seconds, five on a thin link, and is worth a sixth of a change", () => {
  const wide = { ...FINE, up: 345_000 };
  assert.equal(isDue(FINE, wide, 1.9), false);
  assert.equal(isDue(FINE, wide, 2), true);
  assert.equal(isDue(FINE, { ...FINE, up: 344_000 }, 2), false);
  const thin = { ...FINE, up: 60_000 };
  assert.equal(isDue(FINE, thin, 4.9), false);
  assert.equal(isDue(FINE, thin, 5), true);
  assert.equal(isDue(FINE, { ...FINE, up: 99_999 }, 4.9), false);
  assert.equal(isDue(FINE, { ...FINE, up: 100_000 }, 4.9), true);
});

test("after fifteen seconds a report goes out whatever it says", () => {
  assert.equal(isDue(FINE, FINE, 14.9), false);
  assert.equal(isDue(FINE, FINE, 15), true);
});

test("another limit or another session is something to say; no estimate is not", () => {
  assert.equal(isDue(FINE, { ...FINE, limited: "cpu" }, 2), true);
  assert.equal(isDue(FINE, { ...FINE, session: "two" }, 2), true);
  const blind = { ...FINE, up: null };
  assert.equal(isDue(blind, blind, 14), false);
  assert.equal(isDue(blind, FINE, 2), true);
});
