/**
 * What can be told of a camera or microphone without touching it: why it failed, whether it is the
 * one chosen before, which way it looks. Pure.
 */

/** Errors by name, never by message, which differs between browsers. */
/** @type {Record<string, string>} */
const KINDS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  PermissionDeniedError: "denied",
  NotFoundError: "none",
  DevicesNotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "in_use",
  TrackStartError: "in_use",
  AbortError: "in_use",
};

/**
 * `insecure`, `denied`, `none`, `in_use` or `other`.
 * @param {any} error
 * @param {boolean} secure
 */
export function failureOf(error, secure) {
  if (!secure) return "insecure";
  return KINDS[error?.name] ?? "other";
}

/**
 * The device to ask for: the remembered one if it is there, by id or, as ids change when a
 * browser forgets, by its label; otherwise undefined, and the browser chooses.
 * @param {MediaDeviceInfo[]} devices
 * @param {{id: string, label: string} | undefined} memory
 */
export function remembered(devices, memory) {
  if (!memory) return undefined;
  const byId = devices.find((one) => one.deviceId === memory.id);
  return byId ?? devices.find((one) => one.label && one.label === memory.label);
}

/**
 * `front`, `rear` or `other`, from what the camera says of itself or from its label.
 * @param {string} label
 * @param {string} [mode]
 */
export function facing(label, mode) {
  if (mode === "user") return "front";
  if (mode === "environment") return "rear";
  if (/\b(front|avant|user)\b/i.test(label)) return "front";
  if (/\b(back|rear|arri[eè]re|environment)\b/i.test(label)) return "rear";
  return "other";
}
