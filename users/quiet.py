"""Quiet hours: when a message that can wait is sent (pure)."""

from datetime import datetime, time, timedelta, tzinfo


def after_quiet(now: datetime, zone: tzinfo, hours: tuple[time, time] | None) -> datetime:
    """`now`, or where it is quiet in `zone`, the end of that quiet.

    Hours are those of the wall clock: a night in which clocks change is an hour longer or
    shorter.
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
    # The hour of the end comes twice in autumn; its first time may be over.
    return max(until, now)
