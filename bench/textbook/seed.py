"""`python -m bench.textbook.seed`: trips and drivers; prints a Fleet as JSON."""

# ruff: noqa: E402 - models can be imported once Django is set up
from __future__ import annotations

import argparse
import json

import django

django.setup()

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from bench.textbook.models import Trip


def main() -> None:
    """Seed, and print who may post; the sockets ask for no token."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, required=True)
    options = parser.parse_args()
    names = [f"driver{n}" for n in range(options.vehicles)]
    users = User.objects.bulk_create([User(username=name) for name in names])
    tokens = [Token(user=user, key=Token.generate_key()) for user in users]
    Token.objects.bulk_create(tokens)
    trips = Trip.objects.bulk_create([Trip() for _ in names])
    crews = [(trip.pk, token.key) for trip, token in zip(trips, tokens, strict=True)]
    print(json.dumps({"crews": crews, "watchers": []}))


if __name__ == "__main__":
    main()
