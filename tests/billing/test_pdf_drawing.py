"""Drawing: whatever is written on a page, a whole PDF comes out, tagged where it can be."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.documents.draw import MOST_LOGO_BYTES, draw, draw_pictures
from config.fonts import fonts
from tests.billing.papers import (
    invoice_page,
    is_tagged,
    is_whole,
    pages,
    standards,
    statement_page,
    title,
)
from tests.threads import at_once

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>'


def png(width: int, height: int) -> bytes:
    """A grey picture."""
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def test_a_page_is_a_tagged_pdf_for_archives_and_for_everybodys_access() -> None:
    pdf = draw(invoice_page())
    assert (is_whole(pdf), pages(pdf), is_tagged(pdf)) == (True, 1, True)
    assert standards(pdf) == {"A-3", "UA-1"}
    assert title(pdf) == "Invoice 2026-000123"


def test_the_same_page_gives_the_same_bytes_and_another_one_others() -> None:
    assert draw(invoice_page()) == draw(invoice_page())
    assert draw(invoice_page()) != draw(invoice_page("Somebody else"))


@pytest.mark.parametrize(
    "name",
    [
        "Žofie Nguyễn-Łukasiewicz",
        "Наталія Ґрицай",
        "Αγγελική Παπαδοπούλου",
        "محمد بن عبد الله",
        "משה כהן",
        "सुनीता देवी",
        "สมชาย ใจดี",
        "ნინო ბერიძე",
        "O’Brien–Smith, “Jo” … №1 €",
    ],
)
def test_names_of_eight_scripts_stay_within_the_standards(name: str) -> None:
    assert standards(draw(invoice_page(name))) == {"A-3", "UA-1"}


@pytest.mark.parametrize("name", ["𒀭𒂗𒆤", "\U0001fbf0", "ꙮ"])
def test_a_name_without_glyphs_is_a_plain_pdf_that_is_still_tagged(name: str) -> None:
    pdf = draw(invoice_page(f"Pia {name}"))
    assert is_whole(pdf)
    # Where the machine has a font with the glyph, so much the better.
    assert standards(pdf) in (set(), {"A-3", "UA-1"})
    assert is_tagged(pdf)


@pytest.mark.parametrize(
    "name",
    [
        '#panic("no")',
        '#import "/etc/passwd"',
        "]*_$ #let x = 1; @ref <label> \\ // /* `raw",
        "$ sum_(i=0) $ = * _ ~ -- --- ...",
        "\u200b\u202e\x07\x00\ufeff\u2066",
        "",
        " \n\t ",
        "e" + "\u0301" * 500,
        "\ufdfa" * 50,
    ],
)
def test_nothing_in_a_name_is_read_as_markup(name: str) -> None:
    pdf = draw(invoice_page(name))
    assert (is_whole(pdf), pages(pdf)) == (True, 1)


@pytest.mark.parametrize("word", ["x", "W", "ж", "田", "م", "Wolfe-", "a b "])
def test_a_name_of_a_thousand_characters_stays_on_one_page(word: str) -> None:
    assert pages(draw(invoice_page(word * 1_000))) == 1


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=80))
def test_no_text_makes_it_fail(text: str) -> None:
    pdf = draw(invoice_page(text, lines=1))
    assert is_whole(pdf)
    assert pages(pdf) == 1


@pytest.mark.parametrize("logo", [SVG, png(30, 20), png(2_000, 10), png(10, 2_000)])
def test_a_logo_stands_on_the_page(logo: bytes) -> None:
    pdf = draw(invoice_page(), logo)
    assert pages(pdf) == 1
    assert standards(pdf) == {"A-3", "UA-1"}
    assert draw_pictures(invoice_page(), logo) != draw_pictures(invoice_page())


@pytest.mark.parametrize(
    "logo",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\nbroken",
        b"<svg",
        png(30, 20)[:40],
        b"<svg>" + b" " * MOST_LOGO_BYTES,
        b"\xff\xd8\xff",
    ],
)
def test_a_logo_that_is_no_picture_is_left_out(logo: bytes) -> None:
    assert draw(invoice_page(), logo) == draw(invoice_page())


def test_forty_lines_and_a_long_statement_run_over_several_sheets() -> None:
    assert pages(draw(invoice_page(lines=40))) == 3
    assert pages(draw(statement_page(5))) == 1
    assert pages(draw(statement_page(150))) == 5
    assert standards(draw(statement_page(150))) == {"A-3", "UA-1"}


def test_the_fonts_leave_no_file_behind() -> None:
    assert "FiraGO" in fonts().families()
    bold = [font for font in fonts().fonts() if font.family == "FiraGO"]
    assert len(bold) == 2
    # What their files held is known although they are gone.
    assert standards(draw(invoice_page("ნინო"))) == {"A-3", "UA-1"}


def test_six_threads_draw_at_once() -> None:
    drawn = at_once(lambda: [len(draw(invoice_page())) for _ in range(5)], 6)
    assert len({size for sizes in drawn for size in sizes}) == 1
