"""Charts as shapes in a square of 100 by 100, y downwards, which a template draws (pure).

Words stand beside the drawing, so that it may be stretched to any width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SIDE = 100.0
#: The part of a bar's place that it fills.
_FILLED = 0.72


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; `hue` is a name of the design's, `text` what is said where it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    hue: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: bars or a line, a column over each place to point at; `most` is at the top."""

    most: float
    places: list[Box]
    bars: list[Box]
    path: str = ""

    @property
    def half(self) -> float:
        """What the line in the middle stands for."""
        return self.most / 2


def bars(series: Sequence[tuple[str, Sequence[float]]], texts: Sequence[str]) -> Chart:
    """Stacked bars: (hue, a value at each place) from the ground up; one text for each place."""
    sums = [sum(values[place] for _, values in series) for place in range(len(texts))]
    most = top(max(sums, default=0))
    return Chart(most, _places(texts), [*_stacked(series, len(texts), most)])


def _stacked(
    series: Sequence[tuple[str, Sequence[float]]], places: int, most: float
) -> Iterator[Box]:
    step = SIDE / places if places else SIDE
    ground = [SIDE] * places
    for hue, values in series:
        for place, value in enumerate(values):
            height = SIDE * value / most
            ground[place] -= height
            left = step * (place + (1 - _FILLED) / 2)
            if height:
                yield _box(left, ground[place], step * _FILLED, height, hue)


def line(values: Sequence[float | None], texts: Sequence[str], most: float) -> Chart:
    """A line through what is known, from 0 to `most`; it is broken where nothing is."""
    step = SIDE / len(values) if values else SIDE
    parts, drawing = list[str](), False
    for place, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        point = f"{step * (place + 0.5):.2f} {SIDE * (1 - min(value, most) / most):.2f}"
        # A point of its own is a stroke without length: its round ends are a dot.
        parts.append(f"L{point}" if drawing else f"M{point}h0.01")
        drawing = True
    return Chart(most, _places(texts), [], "".join(parts))


def share(values: Sequence[float], hues: Sequence[str]) -> list[Box]:
    """One lying bar cut into parts of the whole; nothing where there is nothing."""
    whole, left, found = sum(values), 0.0, list[Box]()
    for value, hue in zip(values, hues, strict=True):
        if value > 0:
            width = SIDE * value / whole
            found.append(_box(left, 0, width, SIDE, hue))
            left += width
    return found


def top(value: float) -> float:
    """The least of 2, 4, 6, 8 or 10 times a power of ten that is not below `value`; half is whole.

    At least 2.
    """
    power = 1
    while 10 * power < value:
        power *= 10
    return next(float(step * power) for step in (2, 4, 6, 8, 10) if step * power >= value)


def _places(texts: Sequence[str]) -> list[Box]:
    step = SIDE / len(texts) if texts else SIDE
    return [_box(step * place, 0, step, SIDE, text=text) for place, text in enumerate(texts)]


def _box(x: float, y: float, width: float, height: float, hue: str = "", text: str = "") -> Box:
    return Box(round(x, 3), round(y, 3), round(width, 3), round(height, 3), hue, text)
