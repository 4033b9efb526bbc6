"""Percentiles and per-unit costs (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of `values`, 0 to 100; NaN where there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


@dataclass(frozen=True)
class Latency:
    """Milliseconds of `count` deliveries."""

    count: int
    p50_ms: float
    p99_ms: float
    most_ms: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """From seconds each."""
        p50, p99, most = (percentile(seconds, percent) * 1_000 for percent in (50, 99, 100))
        return cls(len(seconds), p50, p99, most)


def per_unit_us(before: Mapping[str, float], after: Mapping[str, float], units: float) -> Cost:
    """CPU microseconds per unit of each part, from CPU seconds before and after."""
    return {name: (after[name] - before[name]) * 1e6 / max(units, 1) for name in after}


Cost = dict[str, float]
