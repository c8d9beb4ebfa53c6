/* What a person at this page hears, sees and reads, as instants of the machine's clock (ms): each time
   another's voice sounded above silence out of packets that had come (nothing invented by the decoder),
   each picture of another that was shown, each change of the banner's words. It needs `measure.js` for
   the connections, and changes nothing of the page. */
() => {
  if (window.__witness) return;
  const PERIOD = 50;
  const LOUD = 1e-5; // mean square of a sample of [-1, 1]: a voice, not the hiss of a silent room
  const REAL = 0.5; // the share of a period's samples that were not invented
  const sounds = [], pictures = [], words = [];
  const before = new Map(), watched = new WeakSet();

  const played = () => new Set([...document.querySelectorAll("audio")].filter((one) => !one.paused).flatMap((one) => (one.srcObject?.getAudioTracks() ?? []).map((track) => track.id)));

  function hear(row) {
    const last = before.get(row.trackIdentifier);
    before.set(row.trackIdentifier, row);
    if (!last || last.ssrc !== row.ssrc) return;
    const grown = (key) => row[key] - last[key];
    const samples = grown("totalSamplesReceived"), seconds = grown("totalSamplesDuration");
    if (!(seconds > 0) || grown("packetsReceived") <= 0) return;
    if (samples - grown("concealedSamples") < REAL * samples) return;
    if (grown("totalAudioEnergy") / seconds > LOUD) sounds.push(Date.now());
  }

  async function listen() {
    const audible = played();
    for (const pc of window.__measure.connections)
      if (pc.connectionState !== "closed" && audible.size)
        for (const row of (await pc.getStats()).values())
          if (row.type === "inbound-rtp" && row.kind === "audio" && audible.has(row.trackIdentifier)) hear(row);
    setTimeout(listen, PERIOD);
  }

  function watch(video) {
    if (watched.has(video)) return;
    watched.add(video);
    const seen = () => {
      video.requestVideoFrameCallback(seen);
      if (video.isConnected && video.checkVisibility()) pictures.push(Date.now());
    };
    video.requestVideoFrameCallback(seen);
  }

  function read() {
    const banner = document.querySelector(".banner:not([hidden])");
    const text = banner ? (banner.querySelector("p")?.textContent ?? "") : "";
    if (text !== (words.at(-1)?.text ?? "")) words.push({ at: Date.now(), text });
  }

  setInterval(() => document.querySelectorAll(".stage .tile:not(.self) video").forEach(watch), 100);
  setInterval(read, 100);
  setTimeout(listen, PERIOD);
  const told = (since) => ({ sounds: sounds.filter((at) => at >= since), pictures: pictures.filter((at) => at >= since), words: words.filter((one) => one.at >= since), loaded: performance.timeOrigin });
  window.__witness = { told };
}
