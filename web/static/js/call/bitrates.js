/**
 * What a plan means in a browser's own terms: lines of the server's offer, fields of an encoding.
 * Pure; touches no connection and decides nothing.
 *
 * Packet time, RED and the ceiling can only be said in a description (RFC 8866 §6.4, RFC 2198,
 * RFC 3890); all else is said to the sender, which costs neither a gap nor a key frame.
 */

/** @import { PicturePlan, Plan } from "../../../types/call.d.ts" */
/** @typedef {"camera" | "exam" | "low"} Line a line of the offer that may carry a picture */
/** @typedef {RTCRtpEncodingParameters & {codec?: RTCRtpCodec, scalabilityMode?: string}} Encoding */

/** @type {Line[]} */
export const PICTURES = ["camera", "exam", "low"];
/**
 * The line that says where Chromium's estimate is to start again. It holds for the whole connection,
 * but the line that says it gets a new encoder: a key frame, and none of what was sent before can be
 * sent again. So the line which seldom carries anything says it.
 * @type {Line}
 */
const LIFTED = "low";
/** What a camera's pixel is worth at most, bit/s: 640 × 480 get 614 kbit/s, more is hardly seen. */
const WORTH = 2;
/** Chromium refuses less for Opus. bit/s */
export const LEAST_SOUND = 6_000;

/**
 * The server's offer as if it had asked for this plan.
 * @param {string} sdp
 * @param {Plan} plan
 * @param {number} [start] kbit/s from which Chromium's estimate is to start again: it does whenever
 *   this number is another than before
 */
export function described(sdp, plan, start) {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => {
      const mid = /^a=mid:(\S+)/m.exec(section)?.[1] ?? "";
      if (mid === "mic") return sounding(section, plan.audio);
      if (!PICTURES.some((line) => line === mid)) return section;
      const picture = bounded(section, plan.ceiling);
      return mid === LIFTED ? started(picture, start) : picture;
    })
    .join("");
}

/**
 * The same offer with these lines taken away.
 * @param {string} sdp
 * @param {string[]} mids
 */
export function silenced(sdp, mids) {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => {
      const mid = /^a=mid:(\S+)/m.exec(section)?.[1] ?? "";
      return mids.includes(mid) ? section.replace(/^a=sendonly\r\n/m, "a=inactive\r\n") : section;
    })
    .join("");
}

/**
 * What must change for another description to be needed.
 * @param {Plan} plan
 */
export function gist({ audio, ceiling }) {
  return JSON.stringify([audio.ptime, audio.red, rounded(ceiling)]);
}

/**
 * The rate stands here for the first packets alone: a sender takes its own limit only once it is
 * answered, and that limit then overrides this one in Chromium and Firefox.
 * @param {string} section
 * @param {Plan["audio"]} audio
 */
function sounding(section, { bitrate, ptime, red }) {
  const opus = typeOf(section, "opus");
  const first = red ? (typeOf(section, "red") ?? opus) : opus;
  const most = Math.max(LEAST_SOUND, Math.round(bitrate));
  const kept = section
    .replace(/^a=(max)?ptime:.*\r\n/gm, "")
    .replace(/;?maxaveragebitrate=\d+/g, "")
    .replace(new RegExp(`^(a=fmtp:${opus} .*)\r\n`, "m"), `$1;maxaveragebitrate=${most}\r\n`);
  return `${preferring(kept, first)}a=ptime:${ptime}\r\n`;
}

/**
 * @param {string} section
 * @param {string} codec
 */
function typeOf(section, codec) {
  return new RegExp(`^a=rtpmap:(\\d+) ${codec}/`, "m").exec(section)?.[1];
}

/**
 * The payload type a browser is to send with stands first.
 * @param {string} section
 * @param {string | undefined} wanted
 */
function preferring(section, wanted) {
  return section.replace(/^(m=\S+ \S+ \S+) (.*)\r\n/, (line, head, types) => {
    const rest = types.split(" ").filter((/** @type {string} */ type) => type !== wanted);
    return wanted ? `${head} ${[wanted, ...rest].join(" ")}\r\n` : line;
  });
}

/**
 * Chromium reads AS, Firefox TIAS.
 * @param {string} section
 * @param {number} ceiling
 */
function bounded(section, ceiling) {
  const bound = rounded(ceiling);
  return section
    .replace(/^b=.*\r\n/gm, "")
    .replace(/^a=/m, `b=AS:${bound / 1000}\r\nb=TIAS:${bound}\r\na=`);
}

/**
 * @param {string} section
 * @param {number} [start] kbit/s
 */
function started(section, start) {
  return start ? section.replace(/x-google-start-bitrate=\d+/g, `x-google-start-bitrate=${start}`) : section;
}

/**
 * Up to two figures, at least whole kbit/s: a limit that wanders a little is no other limit.
 * @param {number} rate bit/s
 */
function rounded(rate) {
  const step = Math.max(1000, 10 ** (Math.floor(Math.log10(Math.max(rate, 1))) - 1));
  return Math.max(step, Math.ceil(rate / step) * step);
}

/**
 * The fields of an encoding for a picture of this size. Never larger than it is.
 * @param {PicturePlan} picture
 * @param {{width?: number, height?: number}} size of the track; a telephone upright is measured across
 * @returns {Encoding}
 */
export function encodingOf({ bitrate, fps, height, layers }, { width = 0, height: tall = 0 }) {
  const across = Math.min(width, tall) || height;
  const worth = WORTH * width * tall || Infinity;
  return {
    active: true,
    maxBitrate: Math.round(Math.min(bitrate, worth)),
    maxFramerate: fps,
    scaleResolutionDownBy: Math.max(1, across / height),
    scalabilityMode: `L1T${layers}`,
  };
}

/**
 * The codec to name, or undefined when it is the first anyway, or is not among them.
 * @param {RTCRtpCodec[]} codecs those negotiated
 * @param {string} name
 */
export function codecNamed(codecs, name) {
  const at = codecs.findIndex((one) => one.mimeType.toLowerCase() === `video/${name}`);
  return at > 0 ? codecs[at] : undefined;
}
