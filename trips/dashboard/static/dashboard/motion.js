// How a marker gets from one fix to the next without jumping. Pure; times in ms.

const SHORTEST_MS = 200;
const LONGEST_MS = 3000;
// A gap like that is a tunnel or a new day: gliding through houses would be a lie.
const JUMP_DEGREES = 0.02;
const JUMP_AFTER_MS = 30000;

export class Glide {
  /** Stands at `position` {latitude, longitude}. */
  constructor(position, now) {
    this.from = this.to = position;
    this.startedAt = this.arrivesAt = this.fixedAt = now;
  }

  /** A new fix came: go there in the time that passed since the one before. */
  moveTo(position, now) {
    const gap = now - this.fixedAt;
    const here = this.at(now);
    const far = Math.max(
      Math.abs(here.latitude - position.latitude),
      Math.abs(here.longitude - position.longitude),
    );
    this.from = far > JUMP_DEGREES || gap > JUMP_AFTER_MS ? position : here;
    this.to = position;
    this.startedAt = this.fixedAt = now;
    this.arrivesAt = now + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, gap));
  }

  /** Whether there is still way to go. */
  isMoving(now) {
    return now < this.arrivesAt && this.from !== this.to;
  }

  /** Where it is now. */
  at(now) {
    if (!this.isMoving(now)) return this.to;
    const share = (now - this.startedAt) / (this.arrivesAt - this.startedAt);
    return {
      latitude: this.from.latitude + share * (this.to.latitude - this.from.latitude),
      longitude: this.from.longitude + share * (this.to.longitude - this.from.longitude),
    };
  }
}
