"""The languages that people are written to in (pure)."""

from collections.abc import Iterable

#: The default first. Each has its catalogue in `*/locale/`.
LANGUAGES = (("en", "English"), ("es", "Español"))
DEFAULT = LANGUAGES[0][0]
_KNOWN = frozenset(code for code, _ in LANGUAGES)


def language_of(wishes: Iterable[str]) -> str:
    """The first wish that says something, `es-MX` as `es`; the default where none does.

    Accounts and patients begin with the default, so it says nothing: a patient's record in
    Spanish counts although their account was never touched.
    """
    found = (wish.replace("_", "-").partition("-")[0].lower() for wish in wishes)
    return next((code for code in found if code in _KNOWN and code != DEFAULT), DEFAULT)
