"""The time zone that somebody reads times in (pure)."""

from zoneinfo import ZoneInfo


def zone_of(*names: str) -> ZoneInfo:
    """The first name that is a time zone: a person's, a patient's, the company's; else UTC."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def place_of(zone: ZoneInfo) -> str:
    """The zone as people call it: `New York` for America/New_York."""
    return zone.key.rpartition("/")[2].replace("_", " ")
