"""docs/DEPENDENCIES.md says why each package that pyproject.toml names is there."""

from __future__ import annotations

import re
import tomllib

from devtools.bootstrap import ROOT

PAGE = (ROOT / "docs/DEPENDENCIES.md").read_text().lower()


def named() -> set[str]:
    """Every package of pyproject.toml by its name alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {re.split(r"[\[<>=~! ;]", line)[0].lower() for names in lists for line in names}


def test_every_package_is_explained() -> None:
    assert {name for name in named() if name not in PAGE} == set()
