"""`python -m bench.seed`: the demo company with a large fleet; prints a Fleet as JSON."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.utils import timezone
from knox.models import AuthToken

from trips import demo
from trips.models import Delivery, Trip
from users.auth import hash_token
from users.models import Notification, User
from users.roles import Role


def main() -> None:
    """Seed, and print who may post and who may watch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, required=True)
    parser.add_argument("--watchers", type=int, required=True)
    options = parser.parse_args()
    demo.seed(vehicles=options.vehicles, trips=0)
    # What follows from booking the day is not what is measured.
    Delivery.objects.update(state=Delivery.State.DONE)
    Notification.objects.update(state=Notification.State.SENT)
    print(json.dumps({"crews": crews(), "watchers": watchers(options.watchers)}))


def crews() -> list[tuple[int, str, str]]:
    """(trip, its driver's token, its status)."""
    rows = Trip.objects.filter(driver__isnull=False).order_by("pk")
    values = rows.values_list("pk", "driver__user__username", "status")
    return [(pk, demo.token_for(name), status) for pk, name, status in values]


def watchers(count: int) -> list[str]:
    """The tokens of so many dispatchers: one account and token per socket, as in life."""
    names = [f"watcher{n}" for n in range(count)]
    User.objects.bulk_create([_dispatcher(name) for name in names], ignore_conflicts=True)
    users = User.objects.in_bulk(names, field_name="username")
    expiry = timezone.now() + timedelta(days=1)
    tokens = {name: demo.token_for(name) for name in names}
    rows = [_held(users[name], token, expiry) for name, token in tokens.items()]
    AuthToken.objects.bulk_create(rows, ignore_conflicts=True)
    return list(tokens.values())


def _dispatcher(name: str) -> User:
    return User(username=name, role=Role.DISPATCHER, email=f"{name}@gota.invalid", password="!")


def _held(user: User, token: str, expiry: Any) -> AuthToken:
    return AuthToken(user=user, digest=hash_token(token), token_key=token[:15], expiry=expiry)


if __name__ == "__main__":
    main()
