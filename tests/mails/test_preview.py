"""`manage.py preview_emails`, and the catalogue of translations that mails are written from."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from billing import samples as money
from billing.management.commands import preview_emails
from tests.mails.html import read
from users.mails import samples

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "es/LC_MESSAGES/django.po"


def test_it_writes_every_mail_without_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_emails, "_photograph", lambda pages: 0)
    call_command("preview_emails", out=tmp_path, lang="es")
    kinds = {*samples.letters(), *money.letters()}
    assert {path.stem for path in tmp_path.glob("*.html")} == kinds
    assert {path.stem for path in tmp_path.glob("*.txt")} == kinds
    week = (tmp_path / "weekly_report.html").read_text()
    assert read(week).fetched[0].startswith("data:image/png;base64,")
    assert "cid:" not in week
    assert (tmp_path / "booked.txt").read_text().startswith("Subject: Su viaje")


def test_only_some_can_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_emails, "_photograph", lambda pages: 0)
    call_command("preview_emails", out=tmp_path, only="invoice")
    assert all(path.stem.startswith("invoice") for path in tmp_path.iterdir())
    assert (tmp_path / "invoice.html").exists()


def test_the_compiled_catalogue_is_the_one_that_is_read(tmp_path: Path) -> None:
    binary = shutil.which("msgfmt")
    if binary is None:
        pytest.skip("no msgfmt (Debian: gettext)")
    built = tmp_path / "django.mo"
    subprocess.run([binary, "--check", "-o", built, CATALOGUE], check=True, capture_output=True)
    fresh, kept = (
        gettext.GNUTranslations(BytesIO(path.read_bytes()))
        for path in (built, CATALOGUE.with_suffix(".mo"))
    )
    assert kept._catalog == fresh._catalog, "run msgfmt: docs/MAILS.md"  # type: ignore[attr-defined]


def test_nothing_in_the_catalogue_is_untranslated_or_uncertain() -> None:
    text = CATALOGUE.read_text()
    assert "#, fuzzy" not in text
    assert not re.findall(r'msgid "([^"]+)"\nmsgstr ""\n(?!")', text)
