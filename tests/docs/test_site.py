"""The documentation as a site: it builds without a warning, and its words exist in the code."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

import dev
from devtools import tools
from devtools.bootstrap import ROOT
from tests.docs.test_links import PAGES
from trips.protocol import ADDRESSES
from trips.tracking.phone_setup import DOOR

#: What programs write and a clone does not have.
WRITTEN = ("var", ".venv", "node_modules")
CODE = re.compile(r"`([^`\n]+)`")
#: A path of ours as prose names it: below a folder that exists, or a file at the top.
PATH = re.compile(r"^[\w.-]+(/[\w.@*<>-]+)*/?$")
ROOMS = {path.name for path in ROOT.iterdir() if path.is_dir()} - {"static", ".git"}
ADDRESS = re.compile(
    r"^(?:(?:GET|POST|PUT|PATCH|DELETE)(?:, [A-Z]+)* )?(/[a-z][\w/<>{}.-]*/)(?=$|[\s?,)])"
)
ID = re.compile(r"<[^>]+>|\{[^}]+\}")
#: Others are the rest of an address that stands before them.
BEGINNINGS = ("api", "ws", "dispatch", "driver", "me", "billing", "manage", "admin", "demo")
VARIABLE = re.compile(r"\bATW_[A-Z0-9_]+\b")
TYPED = re.compile(r"(?:manage\.py|dev\.py|(?<![\w-])make) +([a-z_]+)(?=[\s`;,.)]|$)")


def named_paths(text: str) -> set[str]:
    """What stands as code and looks like a path of this checkout."""
    found = set()
    for code in CODE.findall(text):
        first, slash, _ = code.partition("/")
        if slash and first in ROOMS and PATH.match(code) and "<" not in code:
            found.add(code)
    return found


def exists(path: str) -> bool:
    if path.partition("/")[0] in WRITTEN:
        return True
    return any(ROOT.glob(path.rstrip("/")))


def makefile_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def typed(text: str) -> set[tuple[str, str]]:
    """(program, command) of every line that is typed or quoted as code."""
    quoted = "\n".join([*CODE.findall(text), *re.findall(r"^ *\$ .*$", text, re.MULTILINE)])
    return {(match[0].split()[0], match[1]) for match in TYPED.finditer(quoted)}


def known() -> dict[str, set[str]]:
    parsers = dev.parser()._subparsers
    assert parsers is not None
    commands = set(parsers._group_actions[0].choices or ())
    return {"manage.py": set(get_commands()), "dev.py": commands, "make": makefile_targets()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in sorted(named_paths(page.read_text())) if not exists(path)] == []


def addresses(text: str) -> set[str]:
    """Addresses of pages, API and sockets that stand as code and begin as one of ours."""
    found = {match for code in CODE.findall(text) for match in ADDRESS.findall(code)}
    return {path for path in found if path.split("/")[1] in BEGINNINGS}


def is_route(path: str) -> bool:
    """Whether it leads somewhere, with a number or a UUID for each id in it."""
    if path.startswith(DOOR):
        return True
    if path.startswith("/ws/"):
        return path in {address.path for address in ADDRESSES.values()}
    return any(_resolves(ID.sub(value, path)) for value in ("1", str(uuid.UUID(int=1))))


def _resolves(path: str) -> bool:
    try:
        return bool(resolve(path))
    except Resolver404:
        return False


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_address_that_a_page_names_is_a_route(page: Path) -> None:
    assert {path for path in addresses(page.read_text()) if not is_route(path)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_variable_that_a_page_names_is_a_setting(page: Path) -> None:
    settings = (ROOT / "docs/CONFIGURATION.md").read_text()
    wrong = {name for name in VARIABLE.findall(page.read_text()) if f"`{name}`" not in settings}
    assert wrong == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    there = known()
    wrong = {pair for pair in typed(page.read_text()) if pair[1] not in there[pair[0]]}
    assert wrong == set()


def test_what_is_not_there_would_be_found() -> None:
    text = "`trips/gone.py` `trips/api.py` `manage.py fly` `make demo` `a/b`\n$ python3 dev.py up\n"
    assert [path for path in named_paths(text) if not exists(path)] == ["trips/gone.py"]
    assert typed(text) == {("manage.py", "fly"), ("make", "demo"), ("dev.py", "up")}
    assert "fly" not in known()["manage.py"]
    assert addresses("`POST /api/gone/{id}/` `/resume/`") == {"/api/gone/{id}/"}
    assert not is_route("/api/gone/{id}/")
    assert not is_route("/ws/gone/")
    assert is_route("/api/trips/{id}/")


def test_the_site_builds_without_a_warning_and_holds_every_page(tmp_path: Path) -> None:
    assert tools.docs(tmp_path) == 0
    missing = [page for page in PAGES if not (tmp_path / _html(page)).exists()]
    assert missing == []


def _html(page: Path) -> Path:
    return page.relative_to(ROOT).with_suffix(".html")
