"""The demo company: people, fleet, rates and today's trips. Refused in production."""

from trips.demo.fleet import CAPACITIES
from trips.demo.secrets import NotADemo, device_token_for, password_for, token_for
from trips.demo.seed import seed

__all__ = ["CAPACITIES", "NotADemo", "device_token_for", "password_for", "seed", "token_for"]
