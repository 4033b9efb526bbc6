"""A token bucket in memory, for what one process must not be asked too often (pure)."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Holds up to `burst` and gains `per_s` each second; full at first."""

    taken: float = 0.0
    at: float = 0.0

    def take(self, count: float, now: float, *, per_s: float, burst: float) -> float:
        """Take `count` at `now` (seconds of any clock): 0.0, or the seconds until it has them.

        More than `burst` at once is let through where it is full.
        """
        gained = max(0.0, now - self.at) * per_s
        taken = max(0.0, self.taken - gained)
        self.at = now
        if taken and taken + count > burst:
            self.taken = taken
            return max((taken + min(count, burst) - burst) / per_s, 0.001)
        self.taken = taken + count
        return 0.0
