// In the place of WebRTC and of devices: every received track is a canvas, drawn ten times a second
// until `__pictures.stop(mid)`; the counters run as `__link` says, in bit/s. No packet leaves the page.

() => {
  const drawn = {};
  const draw = (mid) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    const brush = canvas.getContext("2d");
    let turn = 0;
    const paint = () => {
      brush.fillStyle = "#37615a";
      brush.fillRect(0, 0, 640, 480);
      brush.fillStyle = "#d9a98a";
      brush.beginPath();
      brush.arc(320 + 30 * Math.sin((turn += 0.3)), 230, 120, 0, 7);
      brush.fill();
    };
    paint();
    drawn[mid] = setInterval(paint, 100);
    return canvas.captureStream(10).getVideoTracks()[0];
  };
  window.__pictures = { stop: (mid) => clearInterval(drawn[mid]) };

  window.__link = { up: 400_000, down: 900_000, rtt: 0.62 };
  const counted = { at: performance.now(), sent: 0, received: 0 };
  const count = () => {
    const seconds = (performance.now() - counted.at) / 1000;
    counted.at += seconds * 1000;
    counted.sent += (__link.up * seconds) / 8;
    counted.received += (__link.down * seconds) / 8;
    return { id: "pair", type: "candidate-pair", nominated: true, timestamp: counted.at, bytesSent: counted.sent, bytesReceived: counted.received, currentRoundTripTime: __link.rtt };
  };

  const mids = ["mic", "camera", "exam", "a0", "v0", "a1", "v1", "x0"];
  window.RTCPeerConnection = class {
    connectionState = "new";
    transceivers = mids.map((mid) => ({ mid, direction: "inactive", sender: { replaceTrack: async () => {}, getParameters: () => ({ encodings: [{}] }), setParameters: async () => {} } }));
    getTransceivers = () => this.transceivers;
    getStats = async () => new Map([["pair", count()]]);
    setRemoteDescription = async () => {};
    createAnswer = async () => ({ type: "answer", sdp: "" });
    close() {}
    async setLocalDescription() {
      for (const one of this.transceivers.filter(({ mid }) => /^[vx]/.test(mid))) this.ontrack?.({ track: draw(one.mid), transceiver: one });
      this.connectionState = "connected";
      this.onconnectionstatechange?.();
    }
  };
  const sound = () => new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
  const camera = async ({ audio, video }) => new MediaStream([...(audio ? [sound()] : []), ...(video ? [draw("own")] : [])]);
  const devices = ["audioinput", "videoinput"].map((kind) => ({ kind, deviceId: kind, groupId: "", label: kind }));
  Object.defineProperty(navigator, "mediaDevices", {
    value: Object.assign(new EventTarget(), { getUserMedia: camera, enumerateDevices: async () => devices }),
  });
}
