"""Crashes to Sentry (an extra, `pip install '.[sentry]'`): where and what kind, nothing of people.

What leaves is built anew from what is known to be harmless, so that a field which a later version
of the library adds stays here: no texts of exceptions and log lines, no paths (they hold tokens),
no bodies, queries, headers, cookies, arguments of tasks, local variables.
"""

from typing import Any

Event = dict[str, Any]
PLAIN = (
    "event_id", "timestamp", "level", "logger", "platform", "release", "environment",
    "server_name", "sdk", "type", "modules",
)  # fmt: skip
FRAME = ("filename", "abs_path", "function", "module", "lineno", "in_app")
CONTEXTS = ("runtime", "trace")


def start(dsn: str, environment: str, **options: Any) -> None:
    """Send what crashes in this process and its children. ImportError without the extra."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=None,
        before_send=scrubbed,  # type: ignore[arg-type]
        **options,
    )


def scrubbed(event: Event, hint: Event) -> Event:
    """What may leave of `event`, with the ids that our own log lines have."""
    from config import logs

    about = logs.fields()
    kept: Event = {name: event[name] for name in PLAIN if name in event}
    contexts = event.get("contexts") or {}
    kept["contexts"] = {name: contexts[name] for name in CONTEXTS if name in contexts}
    kept["tags"] = {name: str(value) for name, value in about.items() if name != "user"}
    if "user" in about:
        kept["user"] = {"id": str(about["user"])}
    # By default a path stands here where no route was found.
    if (event.get("transaction_info") or {}).get("source") in ("route", "task", "component"):
        kept["transaction"] = event.get("transaction")
    if method := (event.get("request") or {}).get("method"):
        kept["request"] = {"method": method}
    # A template without its values: `delivery %s failed`.
    if template := (event.get("logentry") or {}).get("message"):
        kept["logentry"] = {"message": template}
    if "exception" in event:
        values = (event["exception"] or {}).get("values") or []
        kept["exception"] = {"values": [_exception(value) for value in values]}
    return kept


def _exception(value: Event) -> Event:
    frames = ((value.get("stacktrace") or {}).get("frames")) or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "stacktrace": {"frames": [{k: f[k] for k in FRAME if k in f} for f in frames]},
    }
