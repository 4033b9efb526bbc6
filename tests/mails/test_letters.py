"""Every mail, in every language: whole, readable, self-contained, and silent about patients."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.utils import translation

from billing import samples as money
from tests.mails.html import flat, read
from users.languages import LANGUAGES
from users.mails import samples
from users.mails.layout import html_of, message_of, text_of
from users.mails.letters import Facts, Figures, Letter, Listing, Picture, When
from users.mails.people import Reader

WRITERS = {**samples.letters(), **money.letters()}
CODES = [code for code, _ in LANGUAGES]
every_mail = pytest.mark.parametrize("kind", sorted(WRITERS))
every_language = pytest.mark.parametrize("language", CODES)
#: Words that are the same in English and Spanish.
SHARED = {"Total", "KBR", "Omar", "Van", "Harbor", "Medical", "Rides", "USD"}


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    with translation.override("en"):
        yield


def written(kind: str, language: str, reader: Reader | None = None) -> tuple[Letter, str, str]:
    """(letter, HTML, text)."""
    reader = reader or samples.reader(language)
    with translation.override(language):
        letter = WRITERS[kind](reader)
        return letter, html_of(letter, reader), text_of(letter, reader)


def strings(letter: Letter) -> list[str]:
    """Everything that it says, piece by piece; addresses of links left out."""
    found = [letter.subject, letter.heading, letter.preview]
    for block in letter.blocks:
        if isinstance(block, When):
            found += [block.day, block.clock, block.label, block.before]
        elif isinstance(block, Facts | Figures):
            found += [text for row in block.rows for text in row]
        elif isinstance(block, Listing):
            found += [block.title, *(text for row in block.rows for text in row)]
        elif isinstance(block, Picture):
            found.append(block.alt)
        else:
            found.append(str(getattr(block, "text", "") or getattr(block, "label", "")))
    return [text for text in found if text]


@every_language
@every_mail
def test_both_forms_say_the_same(kind: str, language: str) -> None:
    letter, html, text = written(kind, language)
    seen = flat(" ".join([*read(html).words, *read(html).alts]))
    for said in strings(letter)[3 if letter.preview else 2 :]:
        assert flat(said) in seen
        assert flat(said) in flat(text)
    for link in read(html).links:
        if link.startswith("http"):
            assert link in text


@every_language
@every_mail
def test_the_html_is_well_formed_and_fetches_nothing(kind: str, language: str) -> None:
    _, html, _ = written(kind, language)
    page = read(html)
    assert page.faults == []
    assert [source for source in page.fetched if not source.startswith("cid:")] == []
    assert "@import" not in html
    assert f'<html lang="{language}"' in html
    assert all(page.alts)


@every_language
@every_mail
def test_nothing_is_left_to_fill_in(kind: str, language: str) -> None:
    letter, html, text = written(kind, language)
    for form in (letter.subject, text, " ".join(read(html).words)):
        assert not re.search(r"[{}]|%\(|\bNone\b|\.\.|  +\.", form)


@every_mail
def test_every_word_is_spoken_in_spanish(kind: str) -> None:
    english, spanish = (strings(written(kind, code)[0]) for code in ("en", "es"))
    assert len(english) == len(spanish)
    for one, other in zip(english, spanish, strict=True):
        words = set(re.findall(r"[A-Za-zÀ-ÿ]{4,}", one)) - SHARED
        if one == other and "rides.example" not in one and "/" not in one and "." not in one:
            assert not words, f"not translated: {one}"


@every_language
@every_mail
def test_it_is_readable_in_the_dark_and_on_a_small_screen(kind: str, language: str) -> None:
    _, html, _ = written(kind, language)
    style = html[html.index("<style") : html.index("</style>")]
    assert "prefers-color-scheme: dark" in style
    assert "max-width: 420px" in style
    assert html.count("style=") > 20, "the rest is on the elements"
    assert 'name="color-scheme"' in html
    assert 'name="viewport"' in html


@every_mail
def test_long_names_and_foreign_scripts_do_not_break_it(kind: str) -> None:
    names = ("مركز الرعاية الطبية", "Ł" * 300, "<b>Bold & Sons</b>\r\nBcc: eve@evil.invalid")
    for name in names:
        company = samples.company()
        company.name = name
        reader = replace(samples.reader(), company=company, first_name=name)
        letter, html, text = written(kind, "en", reader)
        assert read(html).faults == []
        assert "<b>Bold" not in html
        assert flat(name) in flat(text)
        headers = message_of(letter, reader).message()
        assert headers["Bcc"] is None
        assert "\n" not in str(headers["Subject"]).replace("\n ", "")


@every_mail
def test_a_company_without_phone_address_and_name_reads_well(kind: str) -> None:
    company = samples.company()
    company.phone = company.email = company.payment_instructions = ""
    reader = replace(samples.reader(optional=False), company=company, first_name="")
    _, html, text = written(kind, "en", reader)
    assert "Hello," in text
    assert "Questions?" not in text
    assert "tel:" not in html
    assert "unsubscribe" not in text


@every_language
def test_a_trip_that_lacks_everything_reads_well(language: str) -> None:
    bare = samples.trip()
    bare.scheduled_at = bare.appointment_at = bare.arrived_pickup_at = bare.dropped_off_at = None
    ride = replace(
        samples.ride(), trip=bare, driver="", vehicle="", expected_at=None, former_at=None
    )
    from users.mails.compose import RIDES

    reader = samples.reader(language)
    with translation.override(language):
        for write in RIDES.values():
            letter = write(ride, reader)
            text = text_of(letter, reader)
            assert not re.search(r":\s*$|: \n|\bNone\b|^, ", text.split("\n--")[0])
            assert letter.attachments == ()
