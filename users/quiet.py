"""Quiet hours: when a message that can wait is sent (pure)."""

from datetime import datetime, time, timedelta, tzinfo


def parse(words: str) -> tuple[time, time] | None:
    """`21:00-07:00` as (from, until); None for `off`. ValueError for anything else."""
    if words == "off":
        return None
    begin, dash, end = words.partition("-")
    if not dash:
        raise ValueError(f"quiet hours are like 21:00-07:00 or off, not {words!r}")
    return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())


def after_quiet(now: datetime, zone: tzinfo, hours: tuple[time, time] | None) -> datetime:
    """`now`, or where it is quiet in `zone`, the end of that quiet.

    Hours are those of the wall clock: a night with a change of clocks is an hour longer or
    shorter. Where a skipped hour would end it, it ends as that hour is skipped.
    """
    if hours is None or hours[0] == hours[1]:
        return now
    begin, end = hours
    local = now.astimezone(zone)
    clock = local.time().replace(tzinfo=None)
    if begin < end:
        if not begin <= clock < end:
            return now
        day = local.date()
    else:
        if end <= clock < begin:
            return now
        day = local.date() + timedelta(days=clock >= begin)
    until = datetime.combine(day, end, zone).astimezone(now.tzinfo)
    # Past already where the hour of the end comes twice: the second time is meant then.
    return max(until, datetime.combine(day, end.replace(fold=1), zone).astimezone(now.tzinfo), now)
