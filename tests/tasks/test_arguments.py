"""Arguments of tasks are checked against the signature, strictly."""

from __future__ import annotations

import pytest

from config.arguments import InvalidArguments, by_name, check


def drive(trip_id: int, speed: float | None = None, *, note: str = "") -> None: ...


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((7,), {}), ((7, 3), {}), ((7, 3.5), {"note": "x"}), ((), {"trip_id": 7, "speed": None})],
)
def test_what_fits_passes(args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    check(drive, args, kwargs)


@pytest.mark.parametrize(
    ("args", "kwargs", "says"),
    [
        (("7",), {}, "trip_id: Expected `int`, got `str`"),
        ((True,), {}, "trip_id: Expected `int`, got `bool`"),
        ((None,), {}, "trip_id: Expected `int`, got `null`"),
        ((7, "fast"), {}, "speed: Expected `float | null`, got `str`"),
        ((), {}, "missing a required argument"),
        ((7,), {"wheels": 4}, "unexpected keyword"),
        ((7, 1, 2), {}, "too many positional"),
    ],
)
def test_what_does_not_fit_is_named(
    args: tuple[object, ...], kwargs: dict[str, object], says: str
) -> None:
    with pytest.raises(InvalidArguments, match=says.replace("|", r"\|")):
        check(drive, args, kwargs)


def test_the_complaint_does_not_repeat_the_value() -> None:
    with pytest.raises(InvalidArguments) as caught:
        check(drive, ("Pia Ek",), {})
    assert "Pia" not in str(caught.value)


def test_arguments_get_their_names() -> None:
    assert by_name(drive, (7,), {"note": "x"}) == {"trip_id": 7, "note": "x"}
