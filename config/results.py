"""Where tasks' results are kept: of one that failed the exception's type alone.

Its text and the traceback may hold a patient's data, and would lie in Redis for a day.
"""

from typing import Any

from celery.backends.redis import RedisBackend

from config.arguments import InvalidArguments

#: For `app.loader.override_backends`, by the scheme of the URL.
OVERRIDES = dict.fromkeys(("redis", "rediss"), "config.results:TypesOnly")


class TypesOnly(RedisBackend):
    """Celery's Redis backend, discreet."""

    def prepare_exception(self, exc: Exception, serializer: str | None = None) -> Any:
        """With the text only where it is our own and names no value."""
        kept: dict[str, Any] = super().prepare_exception(exc, serializer)
        return kept if isinstance(exc, InvalidArguments) else {**kept, "exc_message": []}

    def store_result(
        self, task_id: str, result: Any, state: str, traceback: Any = None, *args: Any, **more: Any
    ) -> Any:
        """Without the traceback: it ends with the exception's text."""
        return super().store_result(task_id, result, state, None, *args, **more)
