// The words of stills, for the type checker alone: no browser loads this.

import type { Picture, Still, StillStage } from "./call.d.ts";

/** Asked by a person, or by itself while no moving picture passes. */
export type StillWhy = "asked" | "rung";

/** A still as told by the server, or about to be told to it. `at`: when it was taken. */
export interface ToldStill extends Still {
  why?: StillWhy;
  at?: string | number;
}

/**
 * A still on this page: `url` is the best picture here, of the stage `shown` (-1: none yet), `done`
 * the fraction of the next one; `live` when its bytes were sent here by themselves.
 */
export interface ShownStill extends ToldStill {
  why: StillWhy;
  at: string | number;
  url: string | null;
  shown: number;
  done: number;
  live: boolean;
}

export interface MadeStage extends StillStage {
  blob: Blob;
}

/** A still taken here. */
export interface MadeStill {
  id: string;
  source: Picture;
  why: StillWhy;
  stages: MadeStage[];
}

/** A still on its way out: `done` is the fraction of `stage`; `cut`: no line, `held`: nothing to spare. */
export interface Sending {
  id: string;
  source: Picture;
  why: StillWhy;
  stage: number;
  stages: number;
  done: number;
  state: "sending" | "held" | "cut" | "failed";
  code: string | null;
}

export interface StillAck {
  ok: boolean;
  code?: string;
  stage?: number;
  offset?: number;
}

/** A spot somebody shows, 0…1 from the picture's top left. */
export interface PointerPlace {
  still: string;
  seat: string;
  x: number;
  y: number;
}
