"""Every mail on the narrowest telephone: nothing is cut off, and nothing is loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.utils import translation

from billing import samples as money
from tests.browser.chromium import page_at
from users.languages import LANGUAGES
from users.mails import samples
from users.mails.layout import html_of

#: A name without a break, of a company that chose it so.
LONG = "Donaudampfschifffahrtsgesellschaftskrankentransporte" * 3


def _pages() -> dict[str, str]:
    found = {}
    for language, _ in LANGUAGES:
        company = samples.company()
        company.name = LONG if language == "es" else company.name
        reader = replace(samples.reader(language), company=company)
        with translation.override(language):
            for kind, write in {**samples.letters(), **money.letters()}.items():
                found[f"{kind} {language}"] = html_of(write(reader), reader)
    return found


def test_no_mail_is_wider_than_a_small_telephone() -> None:
    pages = _pages()
    too_wide: dict[str, Any] = {}
    with page_at("about:blank", webgl=False) as (page, complaints):
        page.set_viewport_size({"width": 320, "height": 600})
        for name, html in pages.items():
            page.set_content(html)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                too_wide[name] = width
    assert too_wide == {}
    assert [url for url in complaints.foreign_requests if not url.startswith("cid:")] == []
