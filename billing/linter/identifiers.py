"""Numbers of people and vehicles as payers compare them (pure)."""

import unicodedata


def normalised(identifier: str) -> str:
    """A licence or plate as payers compare them: capitals and digits, no separators."""
    wide = unicodedata.normalize("NFKC", identifier).upper()
    return "".join(letter for letter in wide if letter.isalnum())


def has_form(identifier: str, forms: str) -> bool:
    """Whether it has one of the `forms` (`AA9999 9999*`): A letter, 9 digit, * either.

    Other letters stand for themselves. No forms: any.
    """
    wanted = forms.split()
    return not wanted or any(_has_form(identifier, form) for form in wanted)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = "0123456789"
_CLASSES = {"A": _LETTERS, "9": _DIGITS, "*": _LETTERS + _DIGITS}


def _has_form(identifier: str, form: str) -> bool:
    pairs = zip(identifier.upper(), form, strict=False)
    return len(identifier) == len(form) and all(
        letter in _CLASSES.get(place, place) for letter, place in pairs
    )
