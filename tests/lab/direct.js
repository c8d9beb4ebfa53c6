/* Two browsers joined directly, their descriptions carried by the driver: the yardstick. `tuning` holds what
   a person who knows the link would set by hand for what this side sends; null for the browser's own. */
() => {
  const peers = new Map();

  const gathered = (pc) => new Promise((done) => {
    const look = () => pc.iceGatheringState === "complete" && done();
    pc.addEventListener("icegatheringstatechange", look);
    look();
  });

  /* Opus as the receiver asks for it (RFC 7587 §6.1) is what the sender sends. */
  function asking(sdp, tuning) {
    if (!tuning) return sdp;
    const opus = sdp.match(/a=rtpmap:(\d+) opus/)[1];
    const wish = `maxaveragebitrate=${tuning.audio};usedtx=1;useinbandfec=1`;
    return sdp.replace(new RegExp(`(a=fmtp:${opus} .*)`), `$1;${wish}\r\na=ptime:${tuning.ptime}`);
  }

  function show(stream) {
    const video = document.createElement("video");
    video.autoplay = video.playsInline = true;
    video.srcObject = stream;
    document.body.append(video);
  }

  async function join(name, tuning) {
    const stream = await (window.own ??= navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } }));
    const pc = new RTCPeerConnection();
    peers.set(name, { pc, tuning });
    /* Where only a voice comes it must be played too: what nobody plays is never decoded. */
    pc.ontrack = ({ track, streams: [one] }) => {
      const heard = track.kind === "video" || !one.getVideoTracks().length;
      if (heard && ![...document.querySelectorAll("video")].some((shown) => shown.srcObject === one)) show(one);
    };
    for (const track of stream.getTracks()) {
      if (track.kind === "audio" || !tuning || tuning.video) pc.addTrack(track, stream);
    }
    return pc;
  }

  async function tune({ pc, tuning }) {
    const sender = pc.getSenders().find((one) => one.track?.kind === "video");
    if (!tuning || !sender) return;
    const parameters = sender.getParameters();
    Object.assign(parameters.encodings[0], {
      maxBitrate: tuning.video, maxFramerate: tuning.fps, scaleResolutionDownBy: tuning.scale,
    });
    await sender.setParameters(parameters);
  }

  window.__direct = {
    ready: async () => { window.own ??= navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } }); await window.own; },
    offer: async (name, tuning) => {
      const pc = await join(name, tuning);
      await pc.setLocalDescription();
      await gathered(pc);
      return pc.localDescription.sdp;
    },
    answer: async (name, tuning, sdp) => {
      const pc = await join(name, tuning);
      await pc.setRemoteDescription({ type: "offer", sdp: asking(sdp, tuning) });
      await pc.setLocalDescription();
      await tune(peers.get(name));
      await gathered(pc);
      return pc.localDescription.sdp;
    },
    /* Only receiving, as from a server which offers a stream. */
    listen: async (name, sdp) => {
      const pc = new RTCPeerConnection();
      peers.set(name, { pc, tuning: null });
      pc.ontrack = (event) => { if (event.track.kind === "video") show(event.streams[0]); };
      await pc.setRemoteDescription({ type: "offer", sdp });
      await pc.setLocalDescription();
      await gathered(pc);
      return pc.localDescription.sdp;
    },
    conclude: async (name, sdp) => {
      const peer = peers.get(name);
      await peer.pc.setRemoteDescription({ type: "answer", sdp: asking(sdp, peer.tuning) });
      await tune(peer);
    },
  };
}
