// One photograph to the server by tus 1.0, whatever happens to the link: it goes on where the server
// says, after a cut, a stall, or a full disk, until it is there or is refused for good.

/**
 * @typedef {object} Told
 * @property {"sending" | "waiting" | "kept" | "refused"} state
 * @property {number} sent bytes that left; when waiting, those the server is known to have
 * @property {number} [status] of the refusal
 */
/** @typedef {{ url: string | null, start(): void, abort(): Promise<void> | void, findPreviousUploads?: unknown }} Client */
/** @typedef {new (file: Blob, options: Record<string, unknown>) => Client} Clients tus-js-client's Upload */
/**
 * @typedef {object} Timers
 * @property {(act: () => void, ms: number) => number} set
 * @property {(timer: number) => void} clear
 */

// Small enough that a proxy which keeps a body back for itself loses little, large enough that the
// round trips between them cost a satellite link a few per cent.
export const CHUNK = 256 * 1024;
// A satellite's TCP can fall silent without an error: nobody is told unless somebody counts.
export const STALL_MS = 30_000;
const AGAIN_MS = [0, 1000, 2000, 5000, 10_000, 20_000, 30_000];
// The server has judged; asking again would change nothing. 409 and 423 are of the moment.
const FINAL = new Set([400, 403, 404, 410, 412, 413, 415, 422, 460]);

export class Upload {
  #client;
  #timers;
  #tell;
  #tries = 0;
  #sent = 0;
  #acknowledged = 0;
  #ended = false;
  /** @type {number | undefined} */
  #stall;
  /** @type {number | undefined} */
  #again;

  /**
   * @param {{ file: Blob, endpoint: string, url: string | null, token: string, metadata: Record<string, string> }} what
   * @param {(told: Told) => void} tell
   * @param {Clients} Clients
   * @param {Timers} timers
   */
  constructor({ file, endpoint, url, token, metadata }, tell, Clients, timers) {
    this.#tell = tell;
    this.#timers = timers;
    this.#client = new Clients(file, {
      endpoint,
      uploadUrl: url,
      metadata,
      chunkSize: CHUNK,
      retryDelays: null,
      storeFingerprintForResuming: false,
      headers: { "X-CSRF-Token": token },
      onProgress: (/** @type {number} */ sent) => this.#progressed(sent),
      onChunkComplete: (/** @type {number} */ _size, /** @type {number} */ accepted) => this.#accepted(accepted),
      onSuccess: () => this.#end({ state: "kept", sent: file.size }),
      onError: (/** @type {unknown} */ error) => this.#failed(error),
    });
  }

  /** The upload's address, once the server made one. */
  get url() {
    return this.#client.url;
  }

  start() {
    if (this.#ended) return;
    this.#timers.clear(this.#again ?? 0);
    this.#watch();
    this.#client.start();
  }

  /** At once, when the link may have come back. */
  hurry() {
    if (this.#again === undefined || this.#ended) return;
    this.#again = undefined;
    this.start();
  }

  /** Ends it here; what the server has stays there until it is removed. */
  stop() {
    this.#ended = true;
    this.#quiet();
    void this.#client.abort();
  }

  #quiet() {
    this.#timers.clear(this.#stall ?? 0);
    this.#timers.clear(this.#again ?? 0);
    this.#again = undefined;
  }

  #watch() {
    this.#timers.clear(this.#stall ?? 0);
    this.#stall = this.#timers.set(() => void this.#stalled(), STALL_MS);
  }

  /** @param {number} sent */
  #progressed(sent) {
    if (this.#ended) return;
    if (sent > this.#sent) this.#watch();
    this.#sent = sent;
    this.#tell({ state: "sending", sent });
  }

  /** @param {number} accepted */
  #accepted(accepted) {
    this.#acknowledged = accepted;
    this.#tries = 0;
    this.#watch();
  }

  async #stalled() {
    await this.#client.abort();
    this.#later();
  }

  /** @param {unknown} error */
  #failed(error) {
    if (this.#ended) return;
    const status = statusOf(error);
    if (FINAL.has(status) || (status === 409 && !this.#client.url)) this.#end({ state: "refused", sent: 0, status });
    else this.#later();
  }

  #later() {
    if (this.#ended) return;
    this.#timers.clear(this.#stall ?? 0);
    this.#sent = this.#acknowledged;
    this.#tell({ state: "waiting", sent: this.#acknowledged });
    const wait = AGAIN_MS[Math.min(this.#tries, AGAIN_MS.length - 1)];
    this.#tries += 1;
    this.#again = this.#timers.set(() => this.hurry(), wait);
  }

  /** @param {Told} told */
  #end(told) {
    if (this.#ended) return;
    this.#ended = true;
    this.#quiet();
    this.#tell(told);
  }
}

/** @param {unknown} error tus-js-client's DetailedError @returns {number} 0 when nothing answered */
export function statusOf(error) {
  const answer = /** @type {{ originalResponse?: { getStatus(): number } | null }} */ (error)?.originalResponse;
  return answer?.getStatus() ?? 0;
}
