"""What a file and its cells mean, without a database."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.bootstrap import ROOT
from tests.intake.files import manifest, row
from trips.intake import cells
from trips.intake.cells import BadCell
from trips.intake.columns import COLUMNS, REQUIRED, column_of
from trips.intake.manifest import BadManifest, Entry, Problem, Reader, open_sheet

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(text: str | bytes, now: datetime = NOW) -> tuple[list[Entry], list[Problem]]:
    sheet = open_sheet(text.encode() if isinstance(text, str) else text)
    reader = Reader(sheet, STOCKHOLM, now)
    entries, problems = list[Entry](), list[Problem]()
    for number, line in sheet.rows():
        entry, wrong = reader.read(number, line)
        problems += wrong
        entries += [entry] if entry else []
    return entries, problems


def one(**more: object) -> Entry:
    entries, problems = read(manifest([row(date="2026-03-10", pickup_time="08:30") | more]))
    assert problems == []
    return entries[0]


def wrong(**more: object) -> tuple[str, str]:
    """(column, text) of the only problem."""
    entries, problems = read(manifest([row(date="2026-03-10", pickup_time="08:30") | more]))
    assert entries == []
    [problem] = problems
    assert problem.row == 2
    return problem.column, problem.text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_every_usual_spelling_of_a_file_is_the_same_file(delimiter: str, encoding: str) -> None:
    text = manifest([row(date="2026-03-10", pickup_time="08:30", notes="a,b;c\td")], delimiter)
    [entry], problems = read(text.encode(encoding))
    assert problems == []
    assert entry.values["pickup_address"] == "Götgatan 12"
    assert entry.scheduled_at == datetime(2026, 3, 10, 7, 30, tzinfo=UTC)


def test_bytes_that_windows_does_not_have_are_complained_about_not_lost() -> None:
    text = manifest([row(date="2026-03-10", pickup_time="08:30")]).encode("latin-1")
    _, [problem] = read(text.replace(b"Eastside", b"East\x81side"))
    assert (problem.column, problem.text) == ("dropoff_address", "A sign in it is no text.")


def test_headings_of_brokers_are_known() -> None:
    text = (
        "Trip ID;Rider Name;Trip Date;PU Time;PU Address;PU Lat;PU Lng;"
        "DO Address;DO Lat;DO Lng;LOS\n"
        "77;Ek, Pia;3/10/2026;8:30 AM;Götgatan 12;59,31;18,07;Eastside;59,33;18,05;WC\n"
    )
    [entry], problems = read(text)
    assert problems == []
    assert (entry.key, entry.values["mobility"]) == ("77", "wheelchair")
    assert entry.values["pickup_latitude"] == 59.31
    assert entry.scheduled_at == datetime(2026, 3, 10, 7, 30, tzinfo=UTC)


def test_no_heading_has_two_meanings() -> None:
    words = [(cells.folded(w), c.name) for c in COLUMNS for w in (c.name, *c.aliases)]
    assert len({word for word, _ in words}) == len(set(words))
    assert column_of("no such thing") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "names no column"),
        (b"\n\n", "names no column"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"patient,pickup_time\n", "pickup_address"),
        (b"pickup_address,dropoff_address,pickup_time\n", "patient_id or member_id or patient"),
        (b"patient,name,pickup_address,dropoff_address,time\n", "Several columns are patient"),
        (b'"patient,pickup_address\n', "names no column"),
    ],
)
def test_a_file_that_is_none_is_refused_with_words(content: bytes, says: str) -> None:
    with pytest.raises(BadManifest, match=says):
        open_sheet(content)


def test_a_quote_that_never_closes_names_its_row() -> None:
    text = manifest([row(date="2026-03-10", pickup_time="08:30")] * 2) + 'x,"y\nz\n'
    with pytest.raises(BadManifest, match="After row 3"):
        read(text)


def test_blank_rows_count_and_are_passed_over() -> None:
    text = manifest([row(date="2026-03-10", pickup_time="nonsense")]).replace(
        "\r\n", "\r\n\r\n,,\r\n", 1
    )
    _, [problem] = read(text)
    assert (problem.row, problem.column) == (4, "pickup_time")


@pytest.mark.parametrize(
    ("cells_", "column", "says"),
    [
        ({"date": "2026-02-30"}, "date", "A day such as"),
        ({"date": "13/13/2026"}, "date", "A day such as"),
        ({"pickup_time": "25:00"}, "pickup_time", "A time such as"),
        ({"date": ""}, "pickup_time", "needs the column date"),
        ({"pickup_time": ""}, "pickup_time", "needed"),
        ({"pickup_time": "2026-03-10T99:00"}, "pickup_time", "A moment such as"),
        ({"date": "2026-03-29", "pickup_time": "02:30"}, "pickup_time", "go forward"),
        ({"date": "2062-03-10"}, "pickup_time", "400 days ahead"),
        ({"date": "2026-02-10"}, "pickup_time", "1 day ago"),
        ({"appointment": "08:00"}, "appointment", "Not within 24 hours"),
        ({"return": "timed"}, "return_time", "A timed return"),
        ({"return": "will call", "return_time": "12:00"}, "return_time", "A timed return"),
        ({"return": "perhaps"}, "return", "One of none, timed, will_call"),
        ({"mobility": "hovercraft"}, "mobility", "One of ambulatory"),
        ({"pickup_latitude": "91"}, "pickup_latitude", "Degrees"),
        ({"pickup_latitude": "nan"}, "pickup_latitude", "Degrees"),
        ({"pickup_latitude": ""}, "pickup_latitude", "come together"),
        ({"dropoff_address": ""}, "dropoff_address", "needed"),
        ({"dropoff_address": "x" * 251}, "dropoff_address", "More than 250"),
        ({"patient": ""}, "patient", "Who rides?"),
        ({"patient_id": "seven"}, "patient_id", "An id"),
        ({"patient_id": "9" * 30}, "patient_id", "An id"),
        ({"escorts": "10"}, "escorts", "0 to 9"),
        ({"escorts": "-1"}, "escorts", "0 to 9"),
        ({"escorts": "²"}, "escorts", "0 to 9"),
        ({"window_minutes": "241"}, "window_minutes", "0 to 240"),
        ({"copay": "a lot"}, "copay", "An amount"),
        ({"copay": "1.234"}, "copay", "An amount"),
        ({"copay": "10001"}, "copay", "At most"),
        ({"needs": "|".join(map(str, range(17)))}, "needs", "At most 16"),
        ({"notes": "a\x00b"}, "notes", "no text"),
        ({"external_id": "x" * 63}, "external_id", "More than 62"),
    ],
)
def test_a_bad_cell_is_named_with_its_column(
    cells_: dict[str, str], column: str, says: str
) -> None:
    found = wrong(**cells_)
    assert found[0] == column
    assert says in found[1]


def test_all_that_is_wrong_with_a_row_is_said_at_once() -> None:
    bad = row(date="x", pickup_time="y", mobility="z", escorts="w", dropoff_address="")
    _, problems = read(manifest([bad]))
    assert {problem.column for problem in problems} == {
        "date",
        "pickup_time",
        "mobility",
        "escorts",
        "dropoff_address",
    }


@pytest.mark.parametrize("value", ["Pia Ek", "Götgatan 12", "199001011234"])
def test_no_complaint_repeats_a_cell(value: str) -> None:
    """They are kept with the job, and cells hold patients' data."""
    cells_ = {column.name: value for column in COLUMNS}
    _, problems = read(manifest([cells_]))
    assert problems
    assert all(value not in problem.text for problem in problems)


def test_more_cells_than_headings_are_not_dropped_silently() -> None:
    text = manifest([row(date="2026-03-10", pickup_time="08:30")]).rstrip() + ",extra\n"
    _, [problem] = read(text)
    assert "More cells" in problem.text


def test_times_are_the_companys_summer_and_winter() -> None:
    assert one(date="2026-03-28").scheduled_at.hour == 7
    assert one(date="2026-03-30").scheduled_at.hour == 6
    assert one(pickup_time="2026-03-10T08:30:00-05:00").scheduled_at.hour == 13
    assert one(pickup_time="2026-03-10 08:30", date="").scheduled_at.hour == 7


def test_of_the_hour_that_comes_twice_the_first_is_meant() -> None:
    entry = one(date="2026-10-25", pickup_time="02:30")
    assert entry.scheduled_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_row_without_an_id_is_known_by_who_when_and_where() -> None:
    key = one().key
    assert key.startswith("row:")
    assert one(pickup_address=" GÖTGATAN  12.").key == key
    assert one(notes="other").key == key
    assert one(pickup_time="08:31").key != key
    assert one(pickup_address="Götgatan 13").key != key
    assert one(external_id="B-7").key == "B-7"


def test_the_same_trip_twice_in_a_file_is_an_error() -> None:
    same = row(date="2026-03-10", pickup_time="08:30")
    _, [problem] = read(manifest([same, same]))
    assert (problem.row, problem.text) == (3, "The same trip as row 2.")


def test_what_looks_like_a_formula_is_data() -> None:
    assert one(notes="=1+1").values["notes"] == "=1+1"


@pytest.mark.parametrize(("text", "cents"), [("3.50", 350), ("3,5", 350), ("$12", 1200), ("0", 0)])
def test_money_is_whole_cents(text: str, cents: int) -> None:
    assert cells.cents(text) == cents


@given(st.binary(max_size=400))
def test_any_bytes_are_a_manifest_or_refused(content: bytes) -> None:
    with suppress(BadManifest):
        read(content)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8), st.sampled_from(COLUMNS))
def test_any_cell_is_understood_or_complained_about(texts: list[str], column: Any) -> None:
    for text in texts:
        if column.parse is None:
            continue
        with suppress(BadCell):
            column.parse(text)


@given(st.dates(date(2026, 3, 2), date(2027, 3, 1)), st.times())
def test_a_moment_survives_being_written_and_read(day: date, at: time) -> None:
    local = datetime.combine(day, at.replace(second=0, microsecond=0))
    try:
        found = cells.moment(f"{local:%H:%M}", local.date(), STOCKHOLM)
    except BadCell:
        assert local.month == 3
        return
    assert found.astimezone(STOCKHOLM).replace(tzinfo=None) == local


def test_the_page_lists_every_column() -> None:
    page = (ROOT / "docs/INTAKE.md").read_text()
    for column in COLUMNS:
        bold = f"**`{column.name}`**" if column.name in REQUIRED else f"`{column.name}`"
        assert f"| {bold} |" in page, column.name
        assert column.about in page, column.name
        assert all(alias in page for alias in column.aliases), column.name
