"""Orders become trips once, on the right days, whoever makes them and however often."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests.cast import Cast, event_names
from tests.standing_orders.conftest import agree, local, model_fields, story, tomorrow
from tests.threads import at_once
from trips.models import Company, Holiday, StandingOrder, Trip
from trips.standing_orders import materialise as module
from trips.standing_orders import plans
from trips.standing_orders.materialise import SomeFailed, materialise_due
from trips.tasks import materialise_standing_orders

pytestmark = pytest.mark.django_db


def stored(cast: Cast, **fields: Any) -> StandingOrder:
    """An order that was agreed on, whose trips nobody has made yet."""
    fields = model_fields(cast, **fields)
    return StandingOrder.objects.create(
        anchor_day=fields["first_day"], approved_at=timezone.now(), **fields
    )


def keys() -> list[tuple[int | None, date | None, str, datetime | None]]:
    trips = Trip.objects.order_by("standing_order", "service_date", "leg")
    return list(trips.values_list("standing_order", "service_date", "leg", "scheduled_at"))


def test_an_order_that_is_agreed_on_has_its_trips_at_once(cast: Cast) -> None:
    order = agree(cast, appointment_time=time(9), copay_cents=300, mobility="wheelchair")
    assert story() == [
        (str(tomorrow(n)), leg, status)
        for n in range(1, 15)
        for leg, status in (("outbound", "scheduled"), ("return", "will_call"))
    ]
    out, back = order.trips.filter(service_date=tomorrow()).order_by("leg")
    assert local(out.scheduled_at) == f"{tomorrow()} 08:00"
    assert local(out.appointment_at) == f"{tomorrow()} 09:00"
    assert (back.scheduled_at, back.appointment_at, back.return_of) == (None, None, out)
    assert (out.pickup_address, back.pickup_address) == ("Götgatan 12", "Dialysis")
    assert (out.dropoff_latitude, back.pickup_latitude) == (order.dropoff_latitude,) * 2
    assert (back.mobility, back.copay_cents) == ("wheelchair", 300)
    for trip in (out, back):
        assert event_names(trip) == ["trip.requested"]
        event = trip.events.get()
        assert (event.source, event.actor, event.status) == ("system", None, trip.status)


def test_a_timed_return_has_its_own_time(cast: Cast) -> None:
    order = agree(cast, return_kind="timed", return_time=time(12, 30))
    back = order.trips.filter(leg="return").order_by("service_date")[0]
    assert (back.status, local(back.scheduled_at)) == ("scheduled", f"{tomorrow()} 12:30")


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Stockholm", datetime(2027, 3, 26, 12, tzinfo=UTC), {"07:00": 1, "06:00": 13}),
        ("Europe/Stockholm", datetime(2026, 10, 22, 12, tzinfo=UTC), {"06:00": 2, "07:00": 12}),
        ("America/New_York", datetime(2027, 3, 11, 18, tzinfo=UTC), {"13:00": 2, "12:00": 12}),
        ("America/New_York", datetime(2026, 10, 29, 18, tzinfo=UTC), {"12:00": 2, "13:00": 12}),
    ],
)
def test_eight_o_clock_stays_eight_o_clock_when_clocks_change(
    cast: Cast, zone: str, now: datetime, expected: dict[str, int]
) -> None:
    Company.objects.update(time_zone=zone)
    stored(cast, first_day=now.date(), return_kind="none")
    assert materialise_due(now) == (14, 1)
    moments = [at for at in Trip.objects.values_list("scheduled_at", flat=True) if at]
    assert {local(at)[-5:] for at in moments} == {"08:00"}
    utc = [f"{at:%H:%M}" for at in sorted(moments)]
    assert {text: utc.count(text) for text in utc} == expected


def test_what_is_past_is_not_made_up_for(cast: Cast) -> None:
    at_noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    stored(cast, first_day=date(2026, 11, 1))
    assert materialise_due(at_noon)[0] == 2 * 14
    assert Trip.objects.order_by("service_date")[0].service_date == date(2026, 11, 21)


def test_the_hourly_run_makes_what_a_new_day_brings_and_nothing_else(cast: Cast) -> None:
    agree(cast)
    now = timezone.now()
    assert materialise_due(now) == (0, 0)
    assert materialise_due(now + timedelta(days=1)) == (2, 1)
    assert materialise_due(now + timedelta(days=1)) == (0, 0)
    # Beat was away for a week.
    assert materialise_due(now + timedelta(days=8)) == (14, 1)


def test_the_task_says_what_it_did(cast: Cast) -> None:
    stored(cast, return_kind="none")
    assert materialise_standing_orders() == "14 trips made of 1 standing orders"
    assert materialise_standing_orders() == "0 trips made of 0 standing orders"


def test_what_a_person_cancelled_is_not_made_again(cast: Cast) -> None:
    order = agree(cast, return_kind="none")
    trip = order.trips.order_by("service_date")[0]
    cast.tap(trip, "cancel", cast.pia, reason="by train")
    StandingOrder.objects.update(materialised_until=None)
    assert materialise_due(timezone.now()) == (0, 1)
    # A leg that is missing is made, and linked to what is there.
    StandingOrder.objects.update(materialised_until=None, return_kind="will_call")
    assert materialise_due(timezone.now()) == (14, 1)
    assert trip.returns.count() == 1


def test_holidays_are_left_out_where_the_order_says_so(cast: Cast) -> None:
    Holiday.objects.create(day=tomorrow(2), name="Midsummer")
    closed, open_ = agree(cast, except_holidays=True), agree(cast)
    assert closed.trips.count() == 2 * 13
    assert open_.trips.count() == 2 * 14


def test_one_broken_order_does_not_stop_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, broken, last = (stored(cast, return_kind="none") for _ in range(3))

    def plan(order: StandingOrder) -> Any:
        if order == broken:
            raise RuntimeError("no plan")
        return plans.plan_of(order)

    monkeypatch.setattr(module, "plan_of", plan)
    with pytest.raises(SomeFailed, match="1 standing orders failed, 28 trips made"):
        materialise_due(timezone.now())
    assert (first.trips.count(), broken.trips.count(), last.trips.count()) == (14, 0, 14)
    monkeypatch.undo()
    assert materialise_due(timezone.now()) == (14, 1)


@pytest.mark.parametrize("seed", range(8))
def test_any_slices_in_any_order_give_the_trips_of_one_run(cast: Cast, seed: int) -> None:
    rng = Random(seed)
    now = datetime(2027, 3, 20, 5, tzinfo=UTC)
    rules = ["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "FREQ=MONTHLY;BYMONTHDAY=-1"]
    for n in range(4):
        order = stored(
            cast,
            rule=rng.choice(rules),
            first_day=now.date() + timedelta(days=rng.randint(-9, 9)),
            pickup_time=time(rng.randrange(24), 30),
            return_kind=rng.choice(["none", "will_call"]),
        )
        if n % 2:
            order.pauses.create(
                first_day=now.date() + timedelta(days=rng.randint(0, 9)), reason="away"
            )
    Company.objects.update(materialise_days=21)
    with transaction.atomic():
        materialise_due(now)
        at_one_go = [key[1:] for key in keys()]
        transaction.set_rollback(True)
    pks = list(StandingOrder.objects.values_list("pk", flat=True))
    for days in [*sorted(rng.sample(range(21), 4)), 21, 21]:
        Company.objects.update(materialise_days=days)
        # Some are forgotten to have been done, some are done by an older clock.
        StandingOrder.objects.filter(pk__in=rng.sample(pks, 2)).update(materialised_until=None)
        materialise_due(now)
    assert at_one_go
    assert [key[1:] for key in keys()] == at_one_go


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_each_trip_once(cast: Cast) -> None:
    Company.objects.update(materialise_days=5)
    for _ in range(12):
        stored(cast)
    now = timezone.now()
    results = at_once(lambda: materialise_due(now), times=3)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert sum(made for made, _ in results) == Trip.objects.count() == 12 * 5 * 2
    assert sum(orders for _, orders in results) == 12
    assert Trip.objects.filter(events__isnull=True).count() == 0
