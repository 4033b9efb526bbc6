"""The fault proxy does the harm that it is asked for, and no other."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from prove.proxy import FaultProxy

TIMEOUT_S = 30.0


class Echo:
    """A server that says everything back, and remembers what it was told."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytes] = []
        self.told = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[line], daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            while data := line.recv(1_000):
                self.heard.append(data)
                self.told.set()
                line.sendall(data)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[FaultProxy]:
    proxy = FaultProxy(echo.port)
    yield proxy
    proxy.close()


@pytest.fixture
def line(proxy: FaultProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=TIMEOUT_S) as line:
        yield line


def is_cut(line: socket.socket) -> bool:
    """Whether nothing more comes, with or without a goodbye."""
    try:
        return line.recv(100) == b""
    except ConnectionResetError:
        return True


def test_without_a_fault_all_comes_back(line: socket.socket) -> None:
    line.sendall(b"hello")
    assert line.recv(100) == b"hello"
    line.shutdown(socket.SHUT_WR)
    assert line.recv(100) == b""


def test_an_answer_is_cut_after_the_request_was_delivered(
    proxy: FaultProxy, echo: Echo, line: socket.socket
) -> None:
    proxy.cut_answers = 1.0
    line.sendall(b"a tap")
    assert is_cut(line)
    assert echo.heard == [b"a tap"]
    assert proxy.answers_cut == 1


def test_a_stalled_line_stays_open_and_goes_on_later(
    proxy: FaultProxy, echo: Echo, line: socket.socket
) -> None:
    proxy.stall()
    line.sendall(b"patience")
    assert not echo.told.wait(0.2)
    proxy.flow()
    assert line.recv(100) == b"patience"


def test_lines_are_cut_and_new_ones_work(proxy: FaultProxy, line: socket.socket) -> None:
    line.sendall(b"one")
    assert line.recv(100) == b"one"
    proxy.cut()
    assert is_cut(line)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=TIMEOUT_S) as again:
        again.sendall(b"two")
        assert again.recv(100) == b"two"


def test_it_asks_for_the_target_of_each_line(echo: Echo) -> None:
    other = Echo()
    ports = [echo.port, other.port]
    proxy = FaultProxy(lambda: ports.pop())
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=TIMEOUT_S) as line:
            line.sendall(b"which")
            assert line.recv(100) == b"which"
    proxy.close()
    other.close()
    assert echo.heard == other.heard == [b"which"]
