"""How many sockets one account and one network have open in this process."""

from collections import Counter

from django.conf import settings


class Seats:
    """Counted in memory: a socket ends with its process, and no count is left behind."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, key: str, most: int) -> bool:
        """Whether there was a seat left for `key`; it is `release`d when the socket ends."""
        if settings.RATE_LIMITS and self._taken[key] >= most:
            return False
        self._taken[key] += 1
        return True

    def release(self, key: str) -> None:
        """One socket of `key` has ended."""
        self._taken[key] -= 1
        if self._taken[key] <= 0:
            del self._taken[key]


seats = Seats()
