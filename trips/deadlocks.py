"""Two transactions that wait for each other: the database ends one, which is tried again."""

import functools
import logging
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

MOST_TRIES = 5
#: Each try waits up to so much longer, or the same two would meet again.
STEP_S = 0.02
#: PostgreSQL: deadlock detected, serialization failure.
_WORTH_IT = ("40P01", "40001")

P = ParamSpec("P")
R = TypeVar("R")


def tried_again(work: Callable[P, R]) -> Callable[P, R]:
    """`work`, a whole transaction, again where it was the victim of a deadlock.

    Inside another transaction the error is that one's: only all of it can be done again.
    """

    @functools.wraps(work)
    def patiently(*args: P.args, **kwargs: P.kwargs) -> R:
        for left in reversed(range(MOST_TRIES)):
            try:
                return work(*args, **kwargs)
            except OperationalError as error:
                state = getattr(error.__cause__, "sqlstate", None)
                if not left or state not in _WORTH_IT or connection.in_atomic_block:
                    raise
                logger.info("%s was the victim of a deadlock, trying again", work.__name__)
                time.sleep(random.uniform(0, STEP_S * (MOST_TRIES - left)))
        raise AssertionError("the last try returns or raises")

    return patiently
