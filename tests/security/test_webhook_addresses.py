"""A webhook calls the very address that was checked, and goes nowhere else from there."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from users import outbound

HEADERS: dict[str, str] = {}
PUBLIC, INSIDE = "93.184.216.34", "169.254.169.254"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses to which a line was opened; nothing leaves the machine."""
    addresses: list[str] = []

    def connect(address: tuple[str, int], *args: object) -> None:
        addresses.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("users.outbound.socket.create_connection", connect)
    return addresses


def points_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """A name server that says something else each time."""
    told = iter(answers)

    def look_up(host: str, port: int, **more: object) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", (one, port)) for one in next(told)]

    monkeypatch.setattr("users.outbound.socket.getaddrinfo", look_up)


def test_the_address_that_was_checked_is_the_one_that_is_called(
    called: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    points_to(monkeypatch, [PUBLIC], [INSIDE])
    with pytest.raises(outbound.Unreachable):
        outbound.post("https://hooks.example.org/x", b"{}", HEADERS)
    assert called == [PUBLIC]


@pytest.mark.parametrize("answer", [[INSIDE], [PUBLIC, INSIDE], [PUBLIC, "10.0.0.1"]])
def test_a_name_with_any_address_inside_is_not_called(
    called: list[str], monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    points_to(monkeypatch, answer)
    with pytest.raises(outbound.Forbidden):
        outbound.post("https://hooks.example.org/x", b"{}", HEADERS)
    assert called == []


def test_a_redirect_is_not_followed() -> None:
    inside, outside = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    with inside, outside:
        inside.settimeout(0)

        def redirect() -> None:
            line, _ = outside.accept()
            with line:
                line.recv(65_536)
                to = f"http://127.0.0.1:{inside.getsockname()[1]}/latest/meta-data/"
                line.sendall(
                    f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\n"
                    "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
                )

        thread = threading.Thread(target=redirect, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{outside.getsockname()[1]}/hook"
        assert outbound.post(url, b"{}", HEADERS, private=True) == 307
        thread.join(30)
        with pytest.raises(BlockingIOError):
            inside.accept()
