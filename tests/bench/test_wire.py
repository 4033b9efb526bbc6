"""The load generator's own HTTP and websocket code."""

import json

import pytest

from bench.wire import (
    PING,
    TEXT,
    BadAnswer,
    client_frame,
    handshake,
    post,
    split_frames,
    split_response,
)

ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 7\r\nServer: x\r\n\r\n"


def server_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def test_an_answer_is_read_with_its_status_and_what_follows_it() -> None:
    assert split_response(ANSWER + b'{"a":1}next') == (202, b'{"a":1}', b"next")


def test_an_answer_that_has_not_all_come_is_awaited() -> None:
    whole = ANSWER + b'{"a":1}'
    for cut in range(len(whole)):
        assert split_response(whole[:cut]) is None


def test_header_names_in_lower_case_are_understood() -> None:
    assert split_response(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n") == (503, b"", b"")


def test_an_answer_without_a_length_is_refused_rather_than_misread() -> None:
    with pytest.raises(BadAnswer):
        split_response(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n")


def test_a_post_carries_its_length_and_its_token() -> None:
    head, _, body = post("/api/trips/7/gps/", "secret", b'{"x":1}').partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/trips/7/gps/ HTTP/1.1\r\n")
    assert b"Authorization: Token secret\r\n" in head
    assert b"Content-Length: 7" in head
    assert body == b'{"x":1}'


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 200_000])
def test_frames_of_every_length_form_are_read(size: int) -> None:
    data = server_frame(TEXT, b"x" * size) + server_frame(PING, b"?")
    assert split_frames(data) == ([(TEXT, b"x" * size), (PING, b"?")], b"")


def test_a_frame_cut_anywhere_is_kept_until_the_rest_comes() -> None:
    whole = server_frame(TEXT, b"first") + server_frame(TEXT, b"y" * 300)
    for cut in range(len(whole)):
        frames, rest = split_frames(whole[:cut])
        more, left = split_frames(rest + whole[cut:])
        assert [payload for _, payload in frames + more] == [b"first", b"y" * 300]
        assert left == b""


@pytest.mark.parametrize("size", [10, 125, 126, 1_000])
def test_our_frames_are_masked_as_a_server_demands(size: int) -> None:
    payload = b"z" * size
    frame = client_frame(TEXT, payload)
    assert frame[0] == 0x81
    assert frame[1] & 0x80
    assert frame.endswith(b"\0\0\0\0" + payload)


def test_the_handshake_offers_the_token_as_a_subprotocol_only_where_there_is_one() -> None:
    assert b"Sec-WebSocket-Protocol: atw.v1, token.abc\r\n" in handshake("/ws/dispatch/", "abc")
    assert b"Protocol" not in handshake("/ws/dispatch/", None)


def test_a_fix_is_found_again_in_the_frame_that_shows_it() -> None:
    from bench.fixes import MARKS, fix, mark_of, marks

    for n in (0, 1, 999, 123_456, MARKS - 1, MARKS + 5):
        sent = json.loads(fix(3, n, 1_700_000_000.25))
        assert 0 <= sent["heading"] < 360
        assert marks(json.dumps({"fixes": [sent, {"heading": None}]}).encode()) == [mark_of(n)]
