"""Event, outbox and stream numbers: one transaction, gapless, in the order of the commits."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from threading import Event, Thread

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from config.subscriptions import SUBSCRIPTIONS
from tests.cast import Cast
from tests.events.probes import NAME, TOPIC
from tests.fixtures_processes import wait_until
from tests.held_broker import HeldBroker
from tests.services.invariants import check, shown
from tests.threads import at_once, held, waiting_for_locks
from trips.events.log import MOST_DOORBELLS, recording
from trips.events.streams import BOARD, trip_stream, user_stream
from trips.models import Delivery, Stream, StreamEntry, Trip, TripEvent
from trips.services import Refused
from users.notifications import tell

pytestmark = pytest.mark.django_db(transaction=True)


def heads() -> dict[str, int]:
    return dict(Stream.objects.values_list("name", "last_seq"))


def test_streams_are_named_after_what_they_show() -> None:
    assert (BOARD, trip_stream(7), user_stream(9)) == ("board", "trip:7", "user:9")


def test_an_event_is_on_the_board_the_trip_and_the_drivers_stream_and_on_no_other(
    cast: Cast, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("assigned")
    events = list(TripEvent.objects.filter(trip=trip).order_by("version").values_list("pk"))
    assert heads() == {BOARD: 3, trip_stream(trip.pk): 3, user_stream(cast.omar.pk): 1}
    assert shown(trip_stream(trip.pk)) == shown(BOARD) == [pk for (pk,) in events]
    assert shown(user_stream(cast.omar.pk)) == [events[-1][0]]


def test_nothing_is_published_before_the_commit_and_all_of_it_after(
    cast: Cast, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("scheduled")
    held_broker.take()
    with recording():
        trip = cast.tap(trip, "assign")
        assert held_broker.take() == []
    event = TripEvent.objects.get(trip=trip, event="trip.assigned")
    assert held_broker.take() == [
        ("trips.tasks.broadcast_trip_status", (trip.pk, "assigned", "")),
        ("trips.tasks.ring", ([user_stream(cast.omar.pk)],)),
        *(
            ("trips.tasks.deliver", ("trip.assigned", event.pk, subscriber, 0))
            for subscriber in SUBSCRIPTIONS["trip.assigned"]
        ),
    ]


def test_what_is_rolled_back_leaves_no_event_no_debt_no_number_and_no_message(
    cast: Cast, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("scheduled")
    held_broker.take()
    before = (heads(), TripEvent.objects.count(), Delivery.objects.count())

    def fail() -> None:
        with recording():
            cast.tap(trip, "assign")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (heads(), TripEvent.objects.count(), Delivery.objects.count()) == before
    assert held_broker.take() == []
    cast.tap(trip, "assign")
    check(trip.pk)


def test_a_refused_action_between_two_good_ones_takes_no_number(
    cast: Cast, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("assigned")
    for action in ("complete", "arrive_dropoff"):
        with pytest.raises(Refused):
            cast.tap(trip, action)
    cast.tap(trip, "start")
    check(trip.pk)


def test_recordings_inside_a_recording_are_one_and_take_their_numbers_once(
    cast: Cast, held_broker: HeldBroker
) -> None:
    first, second = cast.trip_in("assigned"), cast.trip_in("assigned")
    before = heads()
    with recording():
        for trip in (first, second):
            cast.tap(trip, "pick_up")
            assert heads() == before
    for trip in (first, second):
        check(trip.pk)
    assert len(shown(user_stream(cast.omar.pk))) == 8


def test_an_import_of_many_trips_rings_for_a_few_and_numbers_all(
    cast: Cast, held_broker: HeldBroker
) -> None:
    with recording():
        trips = [cast.book() for _ in range(MOST_DOORBELLS * 3)]
    rung = [args[0] for _, args in held_broker.take("broadcast_trip_status")]
    assert rung == [trip.pk for trip in trips[-MOST_DOORBELLS:]]
    assert len(shown(BOARD)) == len(trips)


def test_a_notice_has_a_number_in_its_persons_stream_only(
    cast: Cast, held_broker: HeldBroker
) -> None:
    tell([cast.omar, cast.eve], kind="news", key="news:1", message="Snow ahead.")
    assert heads() == {user_stream(cast.omar.pk): 1, user_stream(cast.eve.pk): 1}
    assert held_broker.take() == [
        ("trips.tasks.ring", (sorted([user_stream(cast.omar.pk), user_stream(cast.eve.pk)]),))
    ]


def test_eight_writers_number_gaplessly_and_a_reader_never_sees_a_hole(
    cast: Cast, held_broker: HeldBroker
) -> None:
    hours = [timezone.now() + timedelta(hours=n) for n in range(1, 17)]
    trips = [cast.trip_in("assigned", scheduled_at=at) for at in hours]
    pairs = iter(list(zip(trips[::2], trips[1::2], strict=True)))
    done, holes = Event(), list[str]()
    reader = Thread(target=lambda: _read_along(done, holes), daemon=True)
    reader.start()
    answers = at_once(lambda: _write_pair(cast, *next(pairs)), 8)
    done.set()
    reader.join(20)
    assert answers == [None] * 8
    assert holes == []
    for trip in trips:
        check(trip.pk)
    events = 16 * 3 + 8 * 6 * 2
    assert heads()[BOARD] == events == TripEvent.objects.count()
    # Both drivers watch every hand-over; the first 16 were Omar's alone.
    assert len(shown(user_stream(cast.omar.pk))) == 16 + 96
    assert len(shown(user_stream(cast.eve.pk))) == 96


def _write_pair(cast: Cast, first: Trip, second: Trip) -> None:
    """Hand two trips over, to and fro: each commit numbers both drivers' streams."""
    crews = [(cast.strange_driver, cast.spare_van), (cast.driver, cast.van)]
    for n in range(6):
        driver, van = crews[n % 2]
        with recording():
            for trip in (first, second) if n % 3 else (second, first):
                cast.tap(trip, "assign", driver_id=driver.pk, vehicle_id=van.pk)
        connection.close()


def _read_along(done: Event, holes: list[str]) -> None:
    """What a hub does: read what came after the last number; it must be the next ones."""
    since = 0
    for last_round in count():
        finished = done.is_set()
        entries = StreamEntry.objects.filter(stream_id=BOARD, seq__gt=since).order_by("seq")
        numbers = list(entries.values_list("seq", flat=True))
        if numbers != list(range(since + 1, since + 1 + len(numbers))):
            holes.append(f"after {since}: {numbers} in round {last_round}")
        since = numbers[-1] if numbers else since
        if finished:
            break
    connection.close()


def test_two_writers_who_name_the_same_people_in_other_orders_do_not_block_each_other(
    cast: Cast, held_broker: HeldBroker
) -> None:
    people = [cast.omar, cast.eve, cast.dina]
    tell(people, kind="news", key="so that everybody has a stream", message="Snow.")
    orders, answers = iter([people, people[::-1]]), list[object]()

    def say() -> int:
        order = next(orders)
        return tell(order, kind="news", key=f"from {order[0].pk}", message="Ice.")

    both = Thread(target=lambda: answers.extend(at_once(say, 2)), daemon=True)
    # Both wait for Eve in the middle; each may hold what the other needs next.
    row = "SELECT 1 FROM trips_stream WHERE name = %s FOR UPDATE"
    with held(row, user_stream(cast.eve.pk)):
        both.start()
        wait_until(lambda: waiting_for_locks() >= 2, 20, "two writers in a queue")
    both.join(20)
    assert answers == [3, 3]
    for user in people:
        assert len(shown(user_stream(user.pk))) == 3


@pytest.mark.parametrize("says_version", [True, False])
def test_two_dispatchers_assign_one_trip_at_once_and_one_of_them_is_refused(
    cast: Cast, held_broker: HeldBroker, says_version: bool
) -> None:
    trip = cast.trip_in("scheduled")
    crews = iter([(cast.driver, cast.van), (cast.strange_driver, cast.spare_van)])

    def assign() -> int:
        driver, van = next(crews)
        cast.tap(
            trip,
            "assign",
            driver_id=driver.pk,
            vehicle_id=van.pk,
            expected_version=trip.version if says_version else None,
        )
        return driver.pk

    answers = at_once(assign, 2)
    [winner] = [answer for answer in answers if isinstance(answer, int)]
    assert [type(a) for a in answers if not isinstance(a, int)] == [Refused]
    assert Trip.objects.get(pk=trip.pk).driver_id == winner
    assert trip.assignments.count() == 1
    check(trip.pk)


def test_of_a_cancellation_and_a_start_at_once_both_are_told_and_the_story_is_whole(
    cast: Cast, held_broker: HeldBroker
) -> None:
    for _ in range(5):
        trip = cast.trip_in("assigned")
        actions = iter([("cancel", cast.pia), ("start", cast.omar)])

        def act(actions: object = actions, trip: Trip = trip) -> str:
            action, user = next(actions)  # type: ignore[call-overload]
            return cast.tap(trip, action, user, reason="now").status

        answers = [a if isinstance(a, str) else type(a).__name__ for a in at_once(act, 2)]
        assert sorted(answers) in (["Refused", "cancelled"], ["Refused", "en_route_pickup"])
        check(trip.pk)


def test_the_database_itself_refuses_a_second_event_of_a_version_and_an_empty_entry(
    cast: Cast, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("scheduled")
    twin = TripEvent.objects.get(trip=trip, version=1)
    twin.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        StreamEntry.objects.create(stream_id=BOARD, seq=99)
    owed = {"topic": TOPIC, "subject_id": 1, "subscriber": NAME, "due_at": timezone.now()}
    Delivery.objects.create(**owed)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(**owed)
