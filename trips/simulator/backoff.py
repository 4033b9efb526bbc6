"""How long to wait before asking again. Pure."""

from random import Random

FIRST_S = 0.5
LONGEST_S = 15.0


def backoff_s(attempt: int, rng: Random, asked_s: float | None = None) -> float:
    """Seconds before retry number `attempt` (from 0), doubled each time and jittered.

    `asked_s` is the server's `Retry-After`: never less than that.
    """
    longest: float = min(LONGEST_S, FIRST_S * 2 ** min(attempt, 10))
    return (asked_s or 0.0) + longest * rng.uniform(0.5, 1.0)
