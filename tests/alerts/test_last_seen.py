"""A heartbeat without coordinates says that a device lives, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from tests.cast import Cast
from trips.models import Device, GpsFix, VehiclePosition
from trips.tracking.intake import Intake
from trips.tracking.roster import Roster
from users.auth import hash_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def intake(db: None) -> AsyncIterator[Intake]:
    """A process's road for fixes, with its connections closed at the end."""
    intake = Intake()
    yield intake
    if intake.roster._refreshing is not None:
        intake.roster._refreshing.cancel()
    await intake.roster._lane._drop()
    await intake._store._lane._drop()
    await sync_to_async(connections.close_all)()


@pytest.fixture
def roster(intake: Intake) -> Roster:
    return intake.roster


async def test_a_heartbeat_moves_only_last_seen(cast: Cast, intake: Intake) -> None:
    reporter = await intake.roster.reporter(hash_token(cast.tracker_token) or "", device=True)
    assert reporter is not None
    await intake.take(reporter, None, [])
    await intake.roster.write_seen(now_s=1e9)
    tracker = await Device.objects.aget(pk=cast.tracker.pk)
    assert tracker.last_seen_at is not None
    assert not await GpsFix.objects.aexists()
    assert not await VehiclePosition.objects.aexists()


async def test_it_is_written_for_all_at_once_and_not_for_each_report(
    cast: Cast, roster: Roster
) -> None:
    roster.seen = {cast.tracker.pk}
    await roster.write_seen(now_s=100.0)
    first = (await Device.objects.aget(pk=cast.tracker.pk)).last_seen_at
    roster.seen = {cast.tracker.pk}
    await roster.write_seen(now_s=101.0)
    assert (await Device.objects.aget(pk=cast.tracker.pk)).last_seen_at == first
    await roster.write_seen(now_s=200.0)
    assert (await Device.objects.aget(pk=cast.tracker.pk)).last_seen_at != first


async def test_a_drivers_phone_app_reports_with_a_token_of_its_own(
    cast: Cast, roster: Roster
) -> None:
    device = await Device.objects.acreate(driver=cast.driver, token_digest=hash_token("o" * 32))
    reporter = await roster.reporter(hash_token("o" * 32) or "", device=True)
    assert reporter is not None
    assert (reporter.device_id, reporter.driver_id) == (device.pk, cast.driver.pk)
    assert roster.vehicle_of(reporter) == cast.van.pk
    await sync_to_async(cast.disable)(cast.omar)
    await roster._refresh()
    assert await roster.reporter(hash_token("o" * 32) or "", device=True) is None


async def test_a_device_token_is_no_login(cast: Cast, roster: Roster) -> None:
    await Device.objects.acreate(driver=cast.driver, token_digest=hash_token("o" * 32))
    assert await roster.reporter(hash_token("o" * 32) or "", device=True)
    assert await roster.reporter(hash_token("o" * 32) or "", device=False) is None
