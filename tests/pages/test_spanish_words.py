"""No English word is left for a reader of Spanish: templates, Python and scripts."""

from __future__ import annotations

import re
import shutil
import subprocess
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest

from devtools.bootstrap import ROOT

CATALOGUES = ROOT / "config/locale/es/LC_MESSAGES"
ROOMS = ("config", "trips", "billing", "users")
#: How each kind of file says a word, in a context or without.
TEMPLATE = re.compile(
    r"""\{%-?\s*translate\s+(?P<quote>['"])(?P<word>.*?)(?P=quote)(?:\s+context\s+['"](?P<context>.*?)['"])?"""
)
DATE_FORMAT = re.compile(r"""_\(\s*"(?P<word>(?:[^"\\]|\\.)*)"\s*\)""")
SCRIPT = re.compile(r"""(?<![\w.$])(?:_|ngettext)\(\s*"(?P<word>(?:[^"\\]|\\.)*)\"""")
PYTHON = re.compile(
    r"""(?<![\w.])(?:_|gettext|gettext_lazy|gettext_noop|ngettext)\(\s*"(?P<word>(?:[^"\\]|\\.)*)"(?!\s*f?")"""
)


def words(kind: str, pattern: re.Pattern[str], under: str) -> set[tuple[str, str]]:
    """(context, word) of each phrase in the rooms' files of a kind."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob(f"{under}*.{kind}")]
    assert files
    return {
        (found.groupdict().get("context") or "", found["word"].replace('\\"', '"'))
        for path in files
        for found in pattern.finditer(path.read_text())
    }


def kept(domain: str) -> GNUTranslations:
    """The compiled catalogue."""
    return GNUTranslations(BytesIO((CATALOGUES / f"{domain}.mo").read_bytes()))


def missing(found: set[tuple[str, str]], domain: str) -> list[str]:
    """The words that the catalogue does not have."""
    have = set(kept(domain)._catalog)  # type: ignore[attr-defined]
    ids = {one[0] if isinstance(one, tuple) else one for one in have}
    keys = [(f"{context}\x04{word}" if context else word, word) for context, word in found]
    return sorted(word for key, word in keys if word and key not in ids)


@pytest.mark.parametrize("pattern", [TEMPLATE, DATE_FORMAT])
def test_no_word_of_a_page_is_missing_in_spanish(pattern: re.Pattern[str]) -> None:
    found = words("html", pattern, "")
    assert len(found) > 3
    assert missing(found, "django") == []


def test_no_word_of_a_script_is_missing_in_spanish() -> None:
    found = words("js", SCRIPT, "")
    assert len(found) > 100
    assert missing(found, "djangojs") == []


def test_no_word_of_the_code_is_missing_in_spanish() -> None:
    found = words("py", PYTHON, "")
    assert len(found) > 100
    assert missing(found, "django") == []


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_nothing_is_untranslated_or_uncertain(domain: str, tmp_path: Path) -> None:
    source = CATALOGUES / f"{domain}.po"
    text = source.read_text()
    assert "#, fuzzy" not in text
    assert not re.findall(r'msgid(?:_plural)? "[^"]+"\nmsgstr(?:\[\d\])? ""\n(?!")', text)
    binary = shutil.which("msgfmt")
    if binary is None:
        pytest.skip("no msgfmt (Debian: gettext)")
    built = tmp_path / "built.mo"
    subprocess.run([binary, "--check", "-o", built, source], check=True, capture_output=True)
    fresh = GNUTranslations(BytesIO(built.read_bytes()))
    assert kept(domain)._catalog == fresh._catalog, "run msgfmt: docs/MAILS.md"  # type: ignore[attr-defined]
