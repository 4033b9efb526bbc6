"""The table of everything that is said: whole, and heard by those whom it names."""

from __future__ import annotations

import pytest

from config.subscriptions import SUBSCRIPTIONS
from users import webhooks
from users.kinds import KINDS, ON_REQUEST, Audience, Channel, can_be_refused, told_of
from users.mails.compose import RIDES

TOLD = {name: kind for name, kind in KINDS.items() if kind.told}


def test_every_topic_of_the_table_and_of_webhooks_is_handled() -> None:
    topics = {topic for kind in KINDS.values() for topic in kind.topics} | set(webhooks.TOPICS)
    for topic in topics:
        assert {"trip_notices", "assignment_notice"} & set(SUBSCRIPTIONS[topic]), topic


def test_no_topic_is_handled_for_nothing() -> None:
    for topic, subscribers in SUBSCRIPTIONS.items():
        if "trip_notices" in subscribers:
            assert told_of(topic) or topic in webhooks.TOPICS


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_by_a_channel_can_be_chosen_there_and_has_words(name: str) -> None:
    kind = TOLD[name]
    for channels in (kind.told or {}).values():
        assert set(channels) <= set(kind.channels)
        if Channel.EMAIL in channels:
            assert name in RIDES
    assert kind.message.format(trip_id=7).endswith(".")


@pytest.mark.parametrize("name", TOLD)
def test_only_patients_notices_are_copied_to_caregivers(name: str) -> None:
    assert TOLD[name].copied == (Audience.PATIENT in (TOLD[name].told or {}))


def test_what_people_must_know_cannot_be_refused() -> None:
    for name in ("welcome", "invoice", "trip_cancelled", "booked", "time_changed", "no_show"):
        assert not can_be_refused(name, "email")
    for name in ("reminder", "on_the_way", "daily_digest", "completed"):
        assert can_be_refused(name, "email")
    for name, kind in KINDS.items():
        for channel in kind.channels:
            assert not can_be_refused(name, "in_app")
            assert can_be_refused(name, channel) or channel not in ON_REQUEST
