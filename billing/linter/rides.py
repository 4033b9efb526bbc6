"""Checks of the ride: times, positions, log, and what else was driven then (pure).

A check answers what is wrong as numbers and ids, "" where there are none; None: nothing is.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import pairwise

from billing.linter.facts import ClaimFacts, PayerRules, Ridden
from trips.dispatch.seats import fits

#: Taps of two rides that follow each other closely may cross by so much.
CROSSING = timedelta(minutes=2)


# --- when and where


def no_times(facts: ClaimFacts, rules: PayerRules) -> str | None:
    times = {
        "arrival": facts.arrived_at,
        "pick-up": facts.picked_up_at,
        "drop-off": facts.dropped_off_at,
    }
    missing = [name for name, at in times.items() if at is None]
    return ", ".join(missing) if missing else None


def times_run_back(facts: ClaimFacts, rules: PayerRules) -> str | None:
    named = (
        ("arrival", facts.arrived_at),
        ("pick-up", facts.picked_up_at),
        ("drop-off", facts.dropped_off_at),
        ("completion", facts.completed_at),
    )
    known = [(name, at) for name, at in named if at is not None]
    for (name, at), (next_name, next_at) in pairwise(known):
        if next_at < at:
            return f"{next_name} {int((at - next_at).total_seconds())} s before {name}"
    return None


def no_positions(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return None if facts.measured and facts.measured.by_gps else ""


def little_covered(facts: ClaimFacts, rules: PayerRules) -> str | None:
    if not (facts.measured and facts.measured.by_gps):
        return None
    if facts.measured.coverage >= rules.least_coverage:
        return None
    return f"{facts.measured.coverage:.0%} covered, {rules.least_coverage:.0%} asked for"


def long_gap(facts: ClaimFacts, rules: PayerRules) -> str | None:
    if not (facts.measured and facts.measured.by_gps):
        return None
    gap_s = facts.measured.longest_gap_s
    if gap_s <= rules.longest_gap_s:
        return None
    return f"{gap_s / 60:.0f} min, at most {rules.longest_gap_s / 60:.0f}"


def odometer_differs(facts: ClaimFacts, rules: PayerRules) -> str | None:
    measured = facts.measured
    if not (measured and measured.by_gps) or measured.odometer_m is None:
        return None
    both = (measured.driven_m, measured.odometer_m)
    if max(both) <= 0 or (off := (max(both) - min(both)) / max(both)) <= rules.most_variance:
        return None
    return f"{off:.0%}: {both[0] / 1000:.1f} km by GPS, {both[1] / 1000:.1f} by odometer"


def log_broken(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return f"{facts.log_faults} faults" if facts.log_faults else None


def no_signature(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return "" if rules.signature_required and not facts.has_signature else None


# --- beside other trips


def duplicate(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return _trips(facts.duplicates)


def _overlapping(facts: ClaimFacts) -> Iterator[tuple[Ridden, Ridden]]:
    for mine in facts.rides:
        for other in facts.beside:
            if min(mine.ends, other.ends) - max(mine.begins, other.begins) > CROSSING:
                yield mine, other


def patient_twice(facts: ClaimFacts, rules: PayerRules) -> str | None:
    pairs = _overlapping(facts)
    return _trips(other.trip_id for _, other in pairs if other.patient_id == facts.patient_id)


def driver_twice(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return _trips(
        other.trip_id
        for mine, other in _overlapping(facts)
        if mine.driver_id == other.driver_id and mine.vehicle_id != other.vehicle_id
    )


def vehicle_twice(facts: ClaimFacts, rules: PayerRules) -> str | None:
    return _trips(
        other.trip_id
        for mine, other in _overlapping(facts)
        if mine.vehicle_id == other.vehicle_id and mine.driver_id != other.driver_id
    )


def overloaded(facts: ClaimFacts, rules: PayerRules) -> str | None:
    for mine in facts.rides:
        aboard = [o for m, o in _overlapping(facts) if m is mine and o.vehicle_id == m.vehicle_id]
        # Of a full vehicle whoever got in last finds all the others aboard.
        with_it = [mine, *(o for o in aboard if o.begins <= mine.begins)]
        riders, escorts = [one.mobility for one in with_it], sum(one.escorts for one in with_it)
        seating = facts.seatings.get(mine.vehicle_id)
        if len(with_it) > 1 and seating and not fits(seating, riders, escorts=escorts):
            return _trips(one.trip_id for one in with_it[1:])
    return None


def _trips(ids: Iterable[int]) -> str | None:
    named = sorted(set(ids))
    return f"trip {', '.join(map(str, named[:10]))}" if named else None
