"""The address book: learned once per trip, corrected on the map, each facility its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from tests.cast import PICKUP, Cast
from tests.eta.servers import Server, running
from trips import places, routing
from trips.models import Facility, KnownPlace, Trip

pytestmark = pytest.mark.django_db

PATH = "/api/places/"
Shown = list[tuple[str, int, str]]


def asks(client: Client, cast: Cast, name: str, words: str) -> Shown:
    answer = client.get(PATH, {"q": words}, headers=cast.headers(getattr(cast, name)))
    assert answer.status_code == 200, answer.content
    return [(one["address"], one["uses"], one["origin"]) for one in answer.json()]


def learn() -> int:
    return places.learn(timezone.now() + places.SETTLED_AFTER + timedelta(seconds=1))


@pytest.mark.parametrize(
    "same", ["Götgatan 12", "götgatan  12", " GÖTGATAN, 12.", "Götgatan\t12\n", "götgatan-12"]
)
def test_addresses_are_the_same_however_they_are_written(same: str) -> None:
    assert places.normalised(same) == "götgatan 12"


def test_trips_teach_where_addresses_are(cast: Cast, client: Client) -> None:
    for address in ("Götgatan 12", "GÖTGATAN 12,", "Storgatan 3"):
        cast.book(pickup_address=address)
    assert learn() == 3
    assert asks(client, cast, "dina", "göt") == [("GÖTGATAN 12,", 2, "trips")]
    assert asks(client, cast, "dina", "dialysis east") == [("Eastside Dialysis", 3, "trips")]
    place = KnownPlace.objects.get(key="götgatan 12")
    assert (place.latitude, place.longitude) == PICKUP


def test_each_trip_counts_once(cast: Cast) -> None:
    cast.book()
    assert [learn(), learn()] == [1, 0]
    cast.book()
    assert learn() == 1
    assert set(KnownPlace.objects.values_list("uses", flat=True)) == {2}


def test_a_place_that_was_deleted_makes_no_other_count_twice(cast: Cast) -> None:
    cast.book()
    cast.book(pickup_address="Storgatan 3", dropoff_address="Lillgatan 1")
    learn()
    KnownPlace.objects.filter(key__in=["storgatan 3", "lillgatan 1"]).delete()
    learn()
    assert set(KnownPlace.objects.values_list("key", "uses")) == {
        ("götgatan 12", 1), ("eastside dialysis", 1), ("storgatan 3", 1), ("lillgatan 1", 1)
    }  # fmt: skip


def test_a_trip_that_may_have_older_ones_uncommitted_waits(cast: Cast) -> None:
    cast.book()
    assert places.learn() == 0
    assert learn() == 1


def test_many_trips_are_learned_in_several_rounds(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "TRIPS_AT_ONCE", 2)
    for _ in range(5):
        cast.book()
    assert learn() == 5
    assert KnownPlace.objects.get(key="götgatan 12").uses == 5


def test_the_point_follows_the_newest_trip_until_somebody_picks_one(
    cast: Cast, client: Client
) -> None:
    cast.book(pickup_latitude=57.1)
    learn()
    assert KnownPlace.objects.get(key="götgatan 12").latitude == 57.1
    body = {"address": "Götgatan 12", "latitude": 57.2, "longitude": 11.9}
    for _ in range(2):
        answer = client.post(
            PATH, body, content_type="application/json", headers=cast.headers(cast.dina)
        )
        assert answer.status_code == 201
        assert answer.json() == body | {"uses": 1, "origin": "picked"}
    cast.book(pickup_latitude=57.3)
    learn()
    place = KnownPlace.objects.get(key="götgatan 12")
    assert (place.latitude, place.uses, place.picked) == (57.2, 2, True)


def test_a_facility_knows_the_places_of_its_own_trips(cast: Cast, client: Client) -> None:
    other = Facility.objects.create(name="Westside")
    cast.book(facility=cast.facility, pickup_address="Storgatan 3")
    cast.book(facility=other, pickup_address="Storgatan 5")
    cast.book(pickup_address="Storgatan 7")
    learn()
    assert asks(client, cast, "hugo", "storgatan") == [("Storgatan 3", 1, "trips")]
    assert len(asks(client, cast, "dina", "storgatan")) == 3
    body = {"address": "Storgatan 9", "latitude": 57.2, "longitude": 11.9}
    client.post(PATH, body, content_type="application/json", headers=cast.headers(cast.hugo))
    assert KnownPlace.objects.get(key="storgatan 9").facility == cast.facility
    assert asks(client, cast, "hugo", "storgatan 9") == [("Storgatan 9", 0, "picked")]


def test_the_same_address_of_several_facilities_is_one_suggestion(
    cast: Cast, client: Client
) -> None:
    cast.book(facility=cast.facility)
    cast.book()
    learn()
    assert KnownPlace.objects.filter(key="götgatan 12").count() == 2
    assert asks(client, cast, "dina", "götgatan") == [("Götgatan 12", 2, "trips")]


def test_what_begins_so_comes_before_what_holds_it(cast: Cast, client: Client) -> None:
    for _ in range(3):
        cast.book(pickup_address="Nya Storgatan 3")
    cast.book(pickup_address="Storgatan 3")
    learn()
    found = [address for address, _, _ in asks(client, cast, "dina", "storg")]
    assert found == ["Storgatan 3", "Nya Storgatan 3"]


@pytest.mark.parametrize("name", ["omar", "pia", "bea"])
def test_others_never_may(cast: Cast, client: Client, name: str) -> None:
    headers = cast.headers(getattr(cast, name))
    assert client.get(PATH, headers=headers).status_code == 403
    assert client.post(PATH, {}, headers=headers).status_code == 403
    assert client.get(PATH).status_code == 401


@pytest.mark.parametrize("words", ["%", "_", "'", "\\", "%' OR 1=1", "ß" * 200, "…"])
def test_any_words_are_words(cast: Cast, client: Client, words: str) -> None:
    cast.book()
    learn()
    found = asks(client, cast, "dina", words)
    assert len(found) == (0 if places.normalised(words) else 2)


@pytest.mark.parametrize(
    "query", [{"q": "a" * 201}, {"q": "a\0b"}, {"words": "a"}, {"q": "a", "limit": "9"}]
)
def test_a_bad_question_is_refused(cast: Cast, client: Client, query: dict[str, str]) -> None:
    assert client.get(PATH, query, headers=cast.headers(cast.dina)).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [{"latitude": 91}, {"longitude": None}, {"address": "..."}, {"address": "a" * 251}, {"x": 1}],
)
def test_a_bad_place_is_refused(cast: Cast, client: Client, wrong: dict[str, object]) -> None:
    body = {"address": "Storgatan 9", "latitude": 57.2, "longitude": 11.9} | wrong
    answer = client.post(
        PATH, body, content_type="application/json", headers=cast.headers(cast.dina)
    )
    assert answer.status_code == 400
    assert not KnownPlace.objects.exists()


def test_a_user_of_no_facility_has_no_address_book(cast: Cast, client: Client) -> None:
    cast.book(facility=cast.facility)
    learn()
    cast.facility.members.clear()
    assert asks(client, cast, "hugo", "") == []
    body = {"address": "Storgatan 9", "latitude": 57.2, "longitude": 11.9}
    answer = client.post(
        PATH, body, content_type="application/json", headers=cast.headers(cast.hugo)
    )
    assert answer.status_code == 400


@pytest.fixture
def geocoder(settings: LazySettings) -> Iterator[Server]:
    routing._server.cache_clear()
    with running() as server:
        settings.GEOCODER_URL = server.url
        yield server


@pytest.mark.django_db(transaction=True)
def test_the_geocoder_is_asked_last(cast: Cast, client: Client, geocoder: Server) -> None:
    assert asks(client, cast, "dina", "linnégatan") == [("Linnégatan 1, Göteborg", 0, "geocoder")]
    cast.book(pickup_address="Linnégatan 1 Göteborg")
    learn()
    assert asks(client, cast, "dina", "linnégatan") == [("Linnégatan 1 Göteborg", 1, "trips")]
    asked = len(geocoder.asked)
    assert asks(client, cast, "dina", "lin") == [("Linnégatan 1 Göteborg", 1, "trips")]
    assert len(geocoder.asked) == asked
    assert Trip.objects.count() == 1
