/* What a page sends and receives, kept for tests: every RTCPeerConnection the page makes, the
   browser's own figures, and a recording of one picture and one sound exactly as they were decoded.
   It changes nothing of what the page does with its tracks. */
() => {
  if (window.__measure) return;
  const connections = [];
  const recordings = new Map();

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      connections.push(this);
    }
  };

  const live = () =>
    connections.filter((c) => c.connectionState === "connected").at(-1) ?? connections.at(-1) ?? null;

  function track(mid) {
    const transceiver = live()?.getTransceivers().find((t) => t.mid === mid);
    if (!transceiver) return null;
    const receives = transceiver.currentDirection?.includes("recv") ?? transceiver.direction.includes("recv");
    return receives ? transceiver.receiver.track : transceiver.sender.track;
  }

  async function stats() {
    const rows = [];
    for (const row of (await live()?.getStats())?.values() ?? []) {
      if (row.type === "inbound-rtp" || row.type === "outbound-rtp") rows.push({ ...row });
    }
    return rows;
  }

  function record(name, picture, sound) {
    const tracks = [track(picture), track(sound)];
    if (!tracks.every(Boolean)) return false;
    const recorder = new MediaRecorder(new MediaStream(tracks), { mimeType: "video/webm;codecs=vp8,opus", videoBitsPerSecond: 600000 });
    const recording = { recorder, parts: [] };
    recorder.ondataavailable = (event) => recording.parts.push(event.data);
    recorder.start(500);
    recordings.set(name, recording);
    return true;
  }

  async function collect(name) {
    const { recorder, parts } = recordings.get(name);
    const stopped = new Promise((done) => { recorder.onstop = done; });
    recorder.stop();
    await stopped;
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(text);
  }

  window.__measure = { connections, live, track, stats, record, collect };
}
