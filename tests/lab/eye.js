/* What a page sends, receives and shows, kept as samples for `tests/lab/reading.py`: the browser's own
   figures ten times a second, and every picture of others that was presented, with the time code in its
   corner (`timecode.py`); the stills shown, and what the page says of the call's rung. It needs `measure.js` for the connections, and changes nothing of the page. */
() => {
  if (window.__eye) return;
  const PERIOD = 100;
  const COLUMNS = 7, ROWS = 2, TIME_BITS = 10;
  const CORNER = [COLUMNS * 40 / 640, ROWS * 40 / 480]; // of the picture
  const CONTRAST = 60, DOUBT = 0.15;
  const KEPT = {
    "inbound-rtp": ["kind", "mid", "ssrc", "packetsReceived", "packetsLost", "bytesReceived", "headerBytesReceived",
      "retransmittedPacketsReceived", "concealedSamples", "silentConcealedSamples", "totalSamplesReceived",
      "jitterBufferDelay", "jitterBufferEmittedCount", "fecPacketsReceived", "framesDecoded", "frameWidth",
      "keyFramesDecoded", "nackCount", "pliCount", "rtxSsrc", "codecId"],
    "outbound-rtp": ["kind", "mid", "ssrc", "packetsSent", "bytesSent", "headerBytesSent", "retransmittedPacketsSent",
      "retransmittedBytesSent", "framesEncoded", "keyFramesEncoded", "frameWidth", "targetBitrate", "nackCount",
      "pliCount", "rtxSsrc", "qualityLimitationReason", "codecId"],
    "transport": ["srtpCipher", "bytesSent", "bytesReceived"],
    "candidate-pair": ["nominated", "availableOutgoingBitrate", "currentRoundTripTime"],
    "codec": ["mimeType", "payloadType"],
  };
  const samples = [], frames = [], stills = [], turns = [], watched = new WeakSet();
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS * 10;
  canvas.height = ROWS * 10;
  const eye = canvas.getContext("2d", { willReadFrequently: true });

  const open = () => window.__measure.connections.filter((pc) => pc.connectionState !== "closed");

  async function sample() {
    for (const pc of open()) {
      const connection = window.__measure.connections.indexOf(pc);
      const rows = [];
      for (const row of (await pc.getStats()).values()) {
        const kept = KEPT[row.type];
        if (!kept || (row.type === "candidate-pair" && !row.nominated)) continue;
        rows.push(Object.fromEntries([["type", row.type], ["id", row.id], ...kept.filter((k) => k in row).map((k) => [k, row[k]])]));
      }
      samples.push({ at: Date.now() / 1000, connection, state: pc.connectionState, rows });
    }
    setTimeout(sample, PERIOD);
  }

  function origin(video) {
    for (const track of video?.srcObject?.getVideoTracks?.() ?? [])
      for (const pc of open())
        for (const one of pc.getTransceivers())
          if (one.receiver.track === track) return { connection: window.__measure.connections.indexOf(pc), mid: one.mid };
    return null;
  }

  function read(picture, width = picture.videoWidth, height = picture.videoHeight) {
    eye.drawImage(picture, 0, 0, width * CORNER[0], height * CORNER[1], 0, 0, canvas.width, canvas.height);
    const { data } = eye.getImageData(0, 0, canvas.width, canvas.height);
    const luma = (column, row) => {
      let sum = 0;
      for (let y = 3; y < 7; y++)
        for (let x = 3; x < 7; x++) sum += data[((row * 10 + y) * canvas.width + column * 10 + x) * 4 + 1];
      return sum / 16;
    };
    const white = luma(0, 0), black = luma(0, 1);
    if (white - black < CONTRAST) return null;
    let code = 0;
    for (let row = 0; row < ROWS; row++)
      for (let column = 1; column < COLUMNS; column++) {
        const level = (luma(column, row) - black) / (white - black);
        if (Math.abs(level - 0.5) < DOUBT) return null;
        code = code * 2 + (level > 0.5 ? 1 : 0);
      }
    return code;
  }

  function watch(video) {
    if (watched.has(video)) return;
    watched.add(video);
    const seen = (now, { presentationTime, presentedFrames, width }) => {
      video.requestVideoFrameCallback(seen);
      const from = origin(video);
      if (!from) return;
      const at = (Date.now() + presentationTime - performance.now()) / 1000;
      frames.push({ ...from, at, width, presented: presentedFrames, code: read(video) });
    };
    video.requestVideoFrameCallback(seen);
  }

  /* A picture shown as a still: on somebody's tile ("tile"), or one that was asked for ("asked"). */
  const STILLS = { tile: ".tile-still", asked: "[data-why=asked] img" };
  const shown = new WeakMap();

  function lookAt(image, place) {
    if (!image.src || image.hidden || !image.complete || !image.naturalWidth || shown.get(image) === image.src) return;
    shown.set(image, image.src);
    const { naturalWidth: width, naturalHeight: height } = image;
    const wall = Date.now() / 1000;
    let code = null;
    try { code = read(image, width, height); } catch { /* painted from elsewhere: no time can be read */ }
    stills.push({ at: wall, place, width, seat: image.closest("[data-seat]")?.dataset.seat ?? "", code });
  }

  /* What a person sees change: the rung of a tile, and the words of the indicator. */
  const said = new Map();

  function hear(at, key, text, from = null) {
    if (said.get(key) === text) return;
    if (said.has(key)) turns.push({ at, key, before: said.get(key), text, ...from });
    said.set(key, text);
  }

  function look() {
    for (const [place, where] of Object.entries(STILLS)) for (const image of document.querySelectorAll(where)) lookAt(image, place);
    const at = Date.now() / 1000;
    for (const tile of document.querySelectorAll(".tile[data-seat]"))
      if (tile.dataset.rung) hear(at, `rung ${tile.dataset.seat} ${tile.dataset.sort ?? ""}`, tile.dataset.rung, origin(tile.querySelector("video")));
    const words = document.querySelector(".quality-lines")?.textContent;
    if (words) hear(at, "words", words);
  }

  setInterval(look, 100);
  setInterval(() => document.querySelectorAll("video").forEach(watch), 200);
  setTimeout(sample, PERIOD);
  window.__eye = { collect: () => JSON.stringify({ samples, frames, stills, turns }) };
}
