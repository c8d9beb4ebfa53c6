/**
 * The server's offer, said again to this browser alone when what it asks for has changed.
 *
 * Nothing is negotiated and the server hears nothing of it: the lines and their names stay, only what
 * this browser makes of them is another. One at a time; what fails is noted and leaves the call as it was.
 */

import { described, gist, silenced } from "./bitrates.js";

/** @import { Plan } from "../../../types/call.d.ts" */

export class Description {
  #said;
  #gist = "";
  /** @type {number | undefined} */
  #start;
  #turn = Promise.resolve();

  /**
   * @param {RTCPeerConnection} pc
   * @param {string} sdp the server's offer
   */
  constructor(pc, sdp) {
    this.pc = pc;
    this.sdp = sdp;
    this.#said = sdp;
  }

  /**
   * The offer to answer: with the first plan in it, if one came along.
   * @param {Plan | null} plan
   */
  first(plan) {
    return plan ? this.#worded(plan) : this.sdp;
  }

  /**
   * Says the plan, if it differs in what only a description can say.
   * @param {Plan} plan
   */
  follow(plan) {
    return this.#inTurn(async () => {
      if (gist(plan) !== this.#gist && this.#free) await this.#say(this.#worded(plan));
    });
  }

  /**
   * Chromium's estimate is to start again from here: it does when told another number than before.
   * @param {number} start kbit/s
   */
  lift(start) {
    this.#start = this.#start === start ? start + 1 : start;
    this.#gist = "";
  }

  /**
   * Lines that bring sound are taken away and given back at once: their playout begins anew.
   * @param {string[]} mids
   */
  restart(mids) {
    return this.#inTurn(async () => {
      if (!this.#free) return;
      const said = this.#said;
      await this.#say(silenced(said, mids));
      await this.#say(said);
    });
  }

  get #free() {
    return this.pc.signalingState === "stable";
  }

  /** @param {Plan} plan */
  #worded(plan) {
    this.#gist = gist(plan);
    this.#said = described(this.sdp, plan, this.#start);
    return this.#said;
  }

  /** @param {() => Promise<void>} act */
  #inTurn(act) {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** @param {string} sdp */
  async #say(sdp) {
    try {
      await this.pc.setRemoteDescription({ type: "offer", sdp });
      await this.pc.setLocalDescription(await this.pc.createAnswer());
    } catch (error) {
      console.error("an offer could not be said again", error);
    }
  }
}
