"""Whether a task was called with what its signature says (pure)."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec


class InvalidArguments(ValueError):
    """A task was called with something that no retry will make right."""


def by_name(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by parameter name; InvalidArguments where they do not fit."""
    try:
        return inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError as exc:
        raise InvalidArguments(str(exc)) from None


def check(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """InvalidArguments where a value is not of its parameter's annotated type.

    Strict: "7" and true are no integers. The text names types, never values.
    """
    parameters = inspect.signature(function, eval_str=True).parameters
    for name, value in by_name(function, args, kwargs).items():
        parameter = parameters[name]
        if parameter.annotation is parameter.empty or parameter.kind in _VARIADIC:
            continue
        try:
            msgspec.convert(value, parameter.annotation)
        except msgspec.ValidationError as exc:
            raise InvalidArguments(f"{name}: {exc}") from None


_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
