"""docs/DEPENDENCIES.md says why each package of pyproject.toml is there; the locks have it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable

import pytest

from devtools.bootstrap import ROOT
from devtools.tools import LOCKS

PAGE = (ROOT / "docs/DEPENDENCIES.md").read_text().lower()


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def names(requirements: list[str]) -> set[str]:
    """Every package by its name alone."""
    return {re.split(r"[\[<>=~! ;]", line)[0].lower() for line in requirements}


def named(extras: Iterable[str]) -> set[str]:
    """The packages of pyproject.toml with those of `extras`."""
    return names(PROJECT["dependencies"]).union(*(names(EXTRAS[extra]) for extra in extras))


def test_every_package_is_explained() -> None:
    assert {name for name in named(EXTRAS) if name not in PAGE} == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_locked(lock: str) -> None:
    words = LOCKS[lock]
    extras = EXTRAS if "--all-extras" in words else [word for word in words if word in EXTRAS]
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.MULTILINE)
    assert named(extras) - set(locked) == set()
