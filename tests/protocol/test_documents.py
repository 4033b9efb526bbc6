"""The documents say what the code does, work without the internet, and are not stale."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from tests.fixtures_processes import WebServer
from trips.protocol import ADDRESSES, CLIENT, asyncapi, exported
from trips.realtime import messages

FOLDER = settings.BASE_DIR / "docs/protocol"


def test_the_checked_in_protocol_is_what_the_code_speaks() -> None:
    stale = [name for name, text in exported().items() if (FOLDER / name).read_text() != text]
    assert not stale, "run `manage.py export_protocol`"


def test_no_document_is_left_of_what_was_renamed() -> None:
    kept = {f"schema/{path.name}" for path in (FOLDER / "schema").iterdir()}
    assert kept == {name for name in exported() if name.startswith("schema/")}


def test_every_frame_has_an_address() -> None:
    sent = {frame for address in ADDRESSES.values() for frame in address.frames}
    assert set(messages.Frame.__subclasses__()) == sent
    assert set(messages.ClientFrame.__subclasses__()) == set(CLIENT)


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(document)):
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_the_http_schema_is_valid_and_complete_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    schema = yaml.safe_load(out.getvalue())
    references = set(re.findall(r"'#/components/schemas/(\w+)'", str(schema)))
    assert references <= set(schema["components"]["schemas"])
    for path in ("/api/trips/{id}/gps/", "/api/gps/{device_token}/", "/api/trips/{id}/status/"):
        assert "post" in schema["paths"][path]


def test_the_command_writes_all_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    call_command("export_protocol")
    assert (tmp_path / "docs/protocol/asyncapi.yaml").read_text() == exported()["asyncapi.yaml"]


class Sources(HTMLParser):
    """What a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = {"script": "src", "link": "href", "img": "src"}.get(tag)
        self.found += [value for key, value in attrs if key == name and value]


@pytest.mark.django_db(transaction=True)
def test_the_docs_page_loads_everything_from_our_own_server(
    http: httpx.Client, web_server: WebServer
) -> None:
    page = http.get("/api/docs/")
    assert page.status_code == 200
    sources = Sources()
    sources.feed(page.text)
    assert len(sources.found) >= 3
    for source in sources.found:
        address = urljoin(f"{web_server.base_url}/api/docs/", source)
        assert urlsplit(address).netloc == urlsplit(web_server.base_url).netloc
        assert httpx.get(address).status_code == 200, source


@pytest.mark.django_db(transaction=True)
def test_both_schemas_are_served_to_everybody(http: httpx.Client) -> None:
    sockets = http.get("/api/asyncapi.yaml")
    assert sockets.status_code == 200
    assert yaml.safe_load(sockets.text) == asyncapi()
    over_http = yaml.safe_load(http.get("/api/schema/").text)
    assert over_http["openapi"].startswith("3.1")
    assert "/api/trips/" in over_http["paths"]
