const halfLife = 2000;

/** Bytes a second, weighing the last seconds most. */
export class Pace {
  private last: { sent: number; at: number } | null = null;
  private speed: number | null = null;

  /** Takes a mark; `at` in milliseconds. */
  at(sent: number, at: number): number | null {
    if (this.last && at - this.last.at < 250) return this.speed;
    if (this.last) {
      const passed = at - this.last.at;
      const now = (Math.max(0, sent - this.last.sent) / passed) * 1000;
      const weight = 1 - 0.5 ** (passed / halfLife);
      this.speed = this.speed === null ? now : this.speed + (now - this.speed) * weight;
    }
    this.last = { sent, at };
    return this.speed;
  }
}

/** Seconds to go at this speed; null while it is not known. */
export function secondsLeft(sent: number, size: number, speed: number | null): number | null {
  return speed && speed > 0 ? (size - sent) / speed : null;
}
