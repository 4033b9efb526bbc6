"""What our middlewares share: each runs in a synchronous and in an asynchronous chain."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class Middleware:
    """Passes requests on; subclasses add Django's hooks, such as `process_exception`."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response: Any = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)
