"""A chain of rows tells what was altered, removed, inserted or cut off, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.chain import BEGINNING, Fault, Link, canonical, faults, link_hash


def chain(length: int) -> list[Link]:
    """Rows 1 to `length` as written."""
    links: list[Link] = []
    for number in range(1, length + 1):
        previous_hash = links[-1].hash if links else BEGINNING
        content = {"number": number, "data": {"b": 1.5, "a": [None, True]}}
        links.append(Link(number, content, previous_hash, link_hash(previous_hash, content)))
    return links


def found(links: list[Link], length: int) -> list[tuple[int, Fault]]:
    return list(faults(links, length))


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_what_was_written_has_no_fault(length: int) -> None:
    assert found(chain(length), length) == []


@pytest.mark.parametrize("number", [1, 3, 5])
def test_an_altered_row_is_named_and_only_that_one(number: int) -> None:
    links = chain(5)
    links[number - 1] = replace(links[number - 1], content={"number": number, "data": {}})
    assert found(links, 5) == [(number, Fault.ALTERED)]


def test_a_removed_row_is_missing_and_several_are_each_named() -> None:
    links = chain(6)
    assert found(links[:2] + links[3:], 6) == [(3, Fault.MISSING)]
    assert found(links[2:], 6) == [(1, Fault.MISSING), (2, Fault.MISSING)]


def test_rows_cut_off_at_the_end_are_truncated() -> None:
    assert found(chain(6)[:4], 6) == [(5, Fault.TRUNCATED), (6, Fault.TRUNCATED)]
    assert found([], 2) == [(1, Fault.TRUNCATED), (2, Fault.TRUNCATED)]


def test_a_row_beyond_the_end_or_without_a_hash_was_inserted() -> None:
    assert found(chain(3), 2) == [(3, Fault.INSERTED)]
    links = chain(3)
    assert found([*links[:2], replace(links[2], hash="")], 3) == [(3, Fault.INSERTED)]


def test_a_row_that_was_replaced_by_one_with_a_hash_of_its_own_leaves_the_next_unlinked() -> None:
    links = chain(4)
    forged = {"number": 2, "data": "forged"}
    links[1] = replace(links[1], content=forged, hash=link_hash(links[1].previous_hash, forged))
    assert found(links, 4) == [(3, Fault.UNLINKED)]


def test_a_row_that_is_removed_with_the_following_renumbered_shows() -> None:
    links = chain(5)
    moved = [replace(link, number=link.number - 1) for link in links[2:]]
    assert (2, Fault.UNLINKED) in found([links[0], *moved], 4)


def test_one_moment_and_one_number_have_one_form() -> None:
    noon = datetime(2026, 3, 29, 12, tzinfo=UTC)
    local = noon.astimezone(timezone(timedelta(hours=2)))
    assert canonical({"at": noon}) == canonical({"at": local})
    assert canonical({"at": noon}) != canonical({"at": noon + timedelta(microseconds=1)})
    assert canonical({"n": 1.0}) == canonical({"n": 1}) == canonical({"n": Decimal("1.00")})
    assert canonical({"n": -0.0}) == canonical({"n": 0})
    assert canonical({"n": True}) != canonical({"n": 1})
    assert canonical({"n": Decimal("1.50")}) == canonical({"n": Decimal("1.5")})


def test_an_empty_column_that_is_added_later_changes_no_hash() -> None:
    assert canonical({"a": 1}) == canonical({"a": 1, "new": None})
    assert canonical({"a": {"b": None}}) != canonical({"a": {}})


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (datetime(2026, 1, 1), ValueError),
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        (b"bytes", TypeError),
        ({1, 2}, TypeError),
    ],
)
def test_what_has_no_form_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        canonical({"value": value})


ROWS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(-1e9, 1e9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
)


@given(content=ROWS, data=st.data())
def test_the_order_of_keys_never_matters(content: dict[str, Any], data: st.DataObject) -> None:
    keys = data.draw(st.permutations(list(content)))
    assert canonical({key: content[key] for key in keys}) == canonical(content)


@given(content=ROWS)
def test_two_contents_that_differ_have_two_forms(content: dict[str, Any]) -> None:
    present = {name: value for name, value in content.items() if value is not None}
    assert json.loads(canonical(content)) == present
