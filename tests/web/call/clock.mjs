/** Time the test turns: seconds, and what was asked for later. */
export class Clock {
  time = 100;
  timers = [];

  now = () => this.time;

  after = (seconds, call) => {
    const timer = { at: this.time + seconds, call };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((one) => one !== timer));
  };

  /** Lets everything happen that is due within these seconds. */
  async run(seconds) {
    const end = this.time + seconds;
    for (let next; (await settled(), (next = this.#next(end))); ) {
      this.time = Math.max(this.time, next.at);
      this.timers = this.timers.filter((one) => one !== next);
      next.call();
    }
    this.time = end;
    await settled();
  }

  #next(end) {
    return this.timers.filter((one) => one.at <= end).sort((one, other) => one.at - other.at)[0];
  }
}

/** Until promises already answered have told everybody. */
export async function settled() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
