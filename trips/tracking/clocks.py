"""How far a phone's clock is off, learnt from positions that came at once (pure).

A position that was buffered arrives late, and later ones less so; a clock that is off is off by
the same time for each. So only positions that arrived one by one, whose delays agree for a
while, say something about the clock.
"""

from dataclasses import dataclass

#: A clock this far off is as good as right.
CLOCK_TOLERANCE_S = 30.0
#: Delays of a live connection differ by no more than this.
AGREE_WITHIN_S = 3.0
#: So many agreeing delays over at least so long tell the offset.
ENOUGH, OVER_S = 3, 4.0


@dataclass(slots=True)
class DeviceClock:
    """`offset_s` is what to add to the device's times: 0 where its clock is right or unknown."""

    offset_s: float = 0.0
    _first_delay_s: float = 0.0
    _first_now: float = 0.0
    _agreeing: int = 0

    def learn(self, raw_at: float, now: float) -> None:
        """Take note of one unbuffered position; both times in unix seconds."""
        delay_s = now - raw_at
        if not self._agreeing or abs(delay_s - self._first_delay_s) > AGREE_WITHIN_S:
            self._first_delay_s, self._first_now, self._agreeing = delay_s, now, 0
        self._agreeing += 1
        if self._agreeing >= ENOUGH and now - self._first_now >= OVER_S:
            off = abs(delay_s) > CLOCK_TOLERANCE_S
            self.offset_s = self._first_delay_s if off else 0.0
