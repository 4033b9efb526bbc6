"""`python -m bench.low_queue N`: fill the low-priority queue of the system in the environment."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any


def main() -> None:
    """Queue N notices, by each system's own task."""
    import django

    django.setup()
    ours = os.environ["DJANGO_SETTINGS_MODULE"] == "config.settings"
    module = importlib.import_module("users.tasks" if ours else "bench.textbook.tasks")
    task: Any = module.send_notification
    arguments = _ours() if ours else ["pia@home.invalid", "Your driver is on the way."]
    with task.app.producer_or_acquire() as producer:
        for _ in range(int(sys.argv[1])):
            task.apply_async(args=arguments, producer=producer)


def _ours() -> list[Any]:
    from users.models import User

    return [User.objects.get(username="pia").pk, "measured", "Your driver is on the way."]


if __name__ == "__main__":
    main()
