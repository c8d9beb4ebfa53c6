/* A camera and a microphone made inside the page: a film of the face and the speech is played, and its
   picture and sound are taken from the player, so that patch and tone leave together. Takes the place of
   getUserMedia, the same way in Chromium and Firefox; every call gives fresh tracks of the same scene.
   No AudioContext: Firefox starts none on a machine without a sound card. The film rides in the
   argument, so nothing is fetched. `failure` names the DOMException the next calls shall raise. */
(film) => {
  if (!navigator.mediaDevices || window.__pageCamera) return;
  const scene = (window.__pageCamera = { failure: null });
  let player = null;

  async function start() {
    const bytes = Uint8Array.from(atob(film), (c) => c.charCodeAt(0));
    const video = document.createElement("video");
    video.src = URL.createObjectURL(new Blob([bytes], { type: "video/webm" }));
    video.loop = true;
    await video.play();
    return video;
  }

  navigator.mediaDevices.getUserMedia = async (wanted = {}) => {
    if (scene.failure) throw new DOMException("refused by the test", scene.failure);
    const video = await (player ??= start());
    const stream = video.captureStream ? video.captureStream() : video.mozCaptureStream();
    const unwanted = stream.getTracks().filter((t) => !wanted[t.kind]);
    unwanted.forEach((t) => { t.stop(); stream.removeTrack(t); });
    for (const track of stream.getTracks()) {
      const settings = track.getSettings();
      track.getSettings = () => ({ ...settings, deviceId: track.kind });
    }
    return stream;
  };

  navigator.mediaDevices.getDisplayMedia = () => navigator.mediaDevices.getUserMedia({ video: true });

  navigator.mediaDevices.enumerateDevices = async () => [
    { kind: "audioinput", deviceId: "audio", groupId: "", label: "Micro intégré" },
    { kind: "videoinput", deviceId: "video", groupId: "", label: "Caméra intégrée" },
  ];
}
