/**
 * Takes over the socket which the page opened before this script had come (`server/early.py`), so
 * that the round trips of its handshake are over by then. Only for the first connection; every
 * other, and the first too where that socket did not live, is Socket.IO's own.
 */

/** @import { Transport } from "../../../types/haste.d.ts" */
/** @typedef {{socket: WebSocket, told: MessageEvent[]}} Early what came before anybody listened */
/** @returns {Early | null} once; null when there is none that lives */
function take() {
  const page = /** @type {{carbetEarly?: Early}} */ (/** @type {unknown} */ (globalThis));
  const early = page.carbetEarly ?? null;
  delete page.carbetEarly;
  return early && early.socket.readyState <= WebSocket.OPEN ? early : null;
}

/**
 * The same transport, but its first socket is the early one.
 * @param {typeof Transport} Base
 */
export function hasty(Base) {
  return class extends Base {
    /** @type {Early | null | undefined} */
    early;

    /** @param {any[]} words */
    createSocket(...words) {
      this.early = take();
      return this.early?.socket ?? super.createSocket(...words);
    }

    doOpen() {
      super.doOpen();
      if (this.early?.socket.readyState === WebSocket.OPEN) queueMicrotask(() => this.#catchUp());
    }

    /** Its opening, and what it brought, happened before Engine.IO listened. */
    #catchUp() {
      const { ws } = this;
      ws.onopen?.(new Event("open"));
      for (const event of this.early?.told.splice(0) ?? []) ws.onmessage?.(event);
    }
  };
}
