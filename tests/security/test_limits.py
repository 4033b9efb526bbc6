"""Counters: exact however many ask at once, ended by themselves, and there without Redis, too."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.test import RequestFactory
from pytest_django import Settings

from config import limits
from config.addresses import client_address, network_of, of_request
from config.buckets import Bucket
from tests.users.mail_servers import free_port
from trips.realtime.seats import Seats

TEN = limits.Rate(10, 60)


def let_through(key: str, attempts: int) -> int:
    with ThreadPoolExecutor(50) as pool:
        waits = list(pool.map(lambda _: limits.hit(key, TEN), range(attempts)))
    assert all(0 <= wait <= TEN.seconds for wait in waits)
    return waits.count(0.0)


@pytest.fixture
def without_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache's server is gone, and no process has counted yet."""
    settings.CACHE_URL = f"redis://127.0.0.1:{free_port()}/3"
    monkeypatch.setattr(limits, "counters", limits.Counters())


def test_of_500_at_once_exactly_ten_are_let_through() -> None:
    assert let_through("limit:race", 500) == 10


def test_without_redis_a_process_counts_for_itself(without_redis: None) -> None:
    assert let_through("limit:race", 500) == 10


def test_without_redis_nobody_waits_for_it_each_time(
    without_redis: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    client = limits._client

    def counted(url: str) -> Any:
        asked.append(url)
        return client(url)

    monkeypatch.setattr(limits, "_client", counted)
    for _ in range(100):
        limits.hit("limit:away", TEN)
    assert len(asked) == 1


def test_a_counter_that_is_held_or_forgotten_is_so_without_redis_too(without_redis: None) -> None:
    limits.counters.hold("limit:held", 60)
    assert 0 < limits.counters.left("limit:held") <= 60
    limits.counters.forget("limit:held")
    assert limits.counters.left("limit:held") == 0


def test_who_goes_on_trying_does_not_put_off_the_end() -> None:
    first = limits.counters.add("limit:end", 60)[1]
    time.sleep(0.05)
    assert limits.counters.add("limit:end", 60)[1] < first


def test_every_counter_has_an_end(settings: Settings) -> None:
    for _ in range(3):
        limits.check("login", "2/min", "omar") if _ < 2 else None
    limits.counters.hold("limit:held", 5)
    with redis.Redis.from_url(settings.CACHE_URL) as client:
        keys = list(client.scan_iter("limit:*"))
        assert len(keys) == 2
        assert all(client.pttl(key) > 0 for key in keys)


def test_a_key_does_not_say_whom_it_is_about() -> None:
    key = limits.key_of("login", "omar", "192.0.2.1")
    assert "omar" not in key
    assert "192" not in key
    assert key != limits.key_of("login", "omar", "192.0.2.2")
    assert limits.key_of("login", "\ud800")


@pytest.mark.parametrize("text", ["", "10", "10/week", "x/min", "0/min", "-1/min", "1.5/s"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a rate is like"):
        limits.rate(text)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "10.0.0.9"),
        (0, "1.1.1.1", "10.0.0.9"),
        (1, "", "10.0.0.9"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        (2, "1.1.1.1, 203.0.113.7, 10.0.0.5", "203.0.113.7"),
        (2, "203.0.113.7", "203.0.113.7"),
        (1, " , ", "10.0.0.9"),
    ],
)
def test_only_what_our_own_proxies_say_is_believed(
    settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.PROXIES = proxies
    assert client_address("10.0.0.9", forwarded) == address
    request = RequestFactory(REMOTE_ADDR="10.0.0.9").get(
        "/", headers={"X-Forwarded-For": forwarded}
    )
    assert of_request(request) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_subscriber_is_one_asker(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_bucket_gives_what_it_has_and_says_when_it_has_more() -> None:
    bucket = Bucket()
    assert bucket.take(10, 0.0, per_s=2, burst=10) == 0
    assert bucket.take(4, 0.0, per_s=2, burst=10) == 2
    assert bucket.take(4, 2.0, per_s=2, burst=10) == 0
    assert bucket.take(1, 2.0, per_s=2, burst=10) > 0
    assert Bucket().take(99, 0.0, per_s=2, burst=10) == 0, "what is larger passes a full one"


def test_seats_are_bounded_and_given_back() -> None:
    seats = Seats()
    assert [seats.take("of 1", 2) for _ in range(3)] == [True, True, False]
    assert seats.take("of 2", 2)
    seats.release("of 1")
    assert seats.take("of 1", 2)
