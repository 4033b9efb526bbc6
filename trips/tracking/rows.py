"""What goes into the tables of positions, and as which text (pure)."""

from collections.abc import Sequence

import msgspec


class Row(msgspec.Struct, gc=False):
    """One fix to keep. Times in unix microseconds, exact in both directions.

    `recorded_us` is the device's own time, `corrected_us` where its clock is known to be off.
    """

    device_id: int
    vehicle_id: int | None
    driver_id: int | None
    trip_id: int | None
    recorded_us: int
    corrected_us: int | None
    latitude: float
    longitude: float
    speed_mps: float | None
    heading_deg: float | None
    accuracy_m: float | None
    altitude_m: float | None
    battery: float | None
    client_id: str | None
    verdict: str = ""

    @property
    def at_us(self) -> int:
        """When it was, as well as it is known."""
        return self.recorded_us if self.corrected_us is None else self.corrected_us


class Doubt(msgspec.Struct, gc=False):
    """One fix to quarantine, as it came."""

    device_id: int
    trip_id: int | None
    reason: str
    raw: bytes


def columns(rows: list[Row]) -> list[str]:
    """One array literal per column: psycopg's own dumper costs three times as much."""
    values = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return [
        texts(column) if name in _TEXT_COLUMNS else numbers(column)
        for name, column in zip(Row.__struct_fields__, values, strict=True)
    ]


_TEXT_COLUMNS = frozenset({"client_id", "verdict"})


def numbers(column: Sequence[int | float | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else repr(value) for value in column]) + "}"


def texts(column: Sequence[str | None]) -> str:
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in column]) + "}"


def _quoted(text: str) -> str:
    if not text.isalnum():
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def microseconds(unix_s: float) -> int:
    """Unix seconds as whole microseconds."""
    return round(unix_s * 1_000_000)
