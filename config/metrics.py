"""Every metric by its name, in one place; what writes them imports them from here.

Values live in files below `ATW_METRICS_DIR`, one set for each process: whichever process of the
machine answers `/metrics` adds them up (`config.scrape`). Labels take a few known values, never an
id. What happens thousands of times a second is counted in plain Python first: `config.tally`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram, values

from config.environment import DATA_DIR, env
from config.process_name import process_name

FOLDER = Path(env("ATW_METRICS_DIR") or DATA_DIR / "metrics")


def _share() -> bool:
    """Have values kept in FOLDER; False: in this process alone, where it may not be written.

    Set here and not left to the variable: whoever imported the library earlier (Celery does for
    Flower) would have decided otherwise.
    """
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    if not os.access(FOLDER, os.W_OK):
        return False
    os.environ.update(PROMETHEUS_MULTIPROC_DIR=str(FOLDER))
    values.ValueClass = values.MultiProcessValue(process_name)
    return True


SHARED = _share()

#: Seconds: of requests and tasks; of what should take milliseconds.
LONG_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 60.0, 600.0)
SHORT_S = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SIZES = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)

# --- HTTP. `route` is a pattern of the URL configuration, "-" for an address that has none.
HTTP_REQUESTS = Counter(
    "atw_http_requests", "Answers", ("route", "method", "status"), registry=None
)
HTTP_SECONDS = Histogram(
    "atw_http_request_seconds", "Until the answer", ("route",), buckets=SHORT_S, registry=None
)

# --- Positions, as the door of one process keeps them
FIXES = Counter("atw_fixes", "Positions by what became of them", ("verdict",), registry=None)
GROUP_FIXES = Histogram(
    "atw_group_commit_fixes", "Positions of one group commit", ("lane",),
    buckets=SIZES, registry=None,
)  # fmt: skip
GROUP_SECONDS = Histogram(
    "atw_group_commit_seconds", "Duration of one group commit", ("lane",),
    buckets=SHORT_S, registry=None,
)  # fmt: skip

# --- Sockets and the hub
SOCKETS = Gauge(
    "atw_sockets", "Open sockets", ("kind",), multiprocess_mode="livesum", registry=None
)
SOCKET_CLOSES = Counter("atw_socket_closes", "Closed sockets by code", ("code",), registry=None)
FRAMES = Counter("atw_frames", "Frames sent, or replaced unsent", ("outcome",), registry=None)
FRAMES_WAITING = Gauge(
    "atw_frames_waiting", "Frames in outboxes, or sent and not acknowledged", ("state",),
    multiprocess_mode="livesum", registry=None,
)  # fmt: skip
HUB_MESSAGES = Counter(
    "atw_hub_messages", "Messages of the channel layer", ("kind",), registry=None
)
HUB_REPAIRS = Counter(
    "atw_hub_repairs", "Found by looking, since no message told", ("what",), registry=None
)
HUB_DEAF_ROUNDS = Gauge(
    "atw_hub_deaf_rounds", "Looks in a row (2 s apart) that found news while no message came",
    ("hub",), multiprocess_mode="livemax", registry=None,
)  # fmt: skip
FRAME_LATENCY = Histogram(
    "atw_frame_latency_seconds", "Position received, or event recorded, until its frame was written"
    " to the last socket that got it at once", ("kind",), buckets=SHORT_S, registry=None,
)  # fmt: skip

# --- Work
TASKS = Counter("atw_tasks", "Tasks that ended", ("task", "result"), registry=None)
TASK_SECONDS = Histogram(
    "atw_task_seconds", "Duration of a task", ("task",), buckets=LONG_S, registry=None
)
TASK_WAIT = Histogram(
    "atw_task_wait_seconds", "From sending a task to its start", ("queue",),
    buckets=LONG_S, registry=None,
)  # fmt: skip
DELIVERIES = Counter(
    "atw_deliveries", "Attempts of the outbox", ("subscriber", "result"), registry=None
)
MESSAGES = Counter("atw_messages", "Attempts to send", ("channel", "result"), registry=None)
INVOICES = Counter("atw_invoices", "Issued invoices and credit notes", ("kind",), registry=None)
POOL = Gauge(
    "atw_db_pool", "Connections of the pools, and who waits for one", ("state",),
    multiprocess_mode="livesum", registry=None,
)  # fmt: skip

#: All of the above.
KEPT: tuple[Counter | Gauge | Histogram, ...] = (
    HTTP_REQUESTS, HTTP_SECONDS, FIXES, GROUP_FIXES, GROUP_SECONDS, SOCKETS, SOCKET_CLOSES,
    FRAMES, FRAMES_WAITING, HUB_MESSAGES, HUB_REPAIRS, HUB_DEAF_ROUNDS, FRAME_LATENCY,
    TASKS, TASK_SECONDS, TASK_WAIT, DELIVERIES, MESSAGES, INVOICES, POOL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A gauge that nobody keeps: its value is looked up when `/metrics` is asked."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


#: Without our prefix: what Celery's autoscalers are used to ask for.
QUEUE_LENGTH = Asked("celery_queue_length", "Messages that no worker has taken", ("queue",))
QUEUE_OLDEST = Asked("atw_queue_oldest_seconds", "Age of the oldest of them", ("queue",))
QUEUE_HELD = Asked("atw_queue_held", "Messages that workers hold", ("queue",))
WORKERS = Asked("atw_workers", "Workers that showed a sign of life", ("queue",))
BROKER_MEMORY = Asked(
    "atw_broker_memory_ratio", "Used part of the broker's maxmemory, if it has one"
)
OUTBOX = Asked("atw_outbox_deliveries", "Deliveries that are not done", ("state",))
OUTBOX_OLDEST = Asked("atw_outbox_oldest_seconds", "Age of the oldest pending delivery")
MESSAGES_OLDEST = Asked(
    "atw_messages_oldest_seconds", "Age of the oldest message that was tried and still waits"
)
BEAT_SENT = Asked("atw_beat_last_sent_timestamp_seconds", "When beat sent a task last")
FIX_DAYS = Asked("atw_fix_days_ahead", "Days from today on that have a partition for positions")
DATABASE_BYTES = Asked("atw_database_bytes", "Size of the database")
DISK_FREE = Asked("atw_disk_free_ratio", "Free part of the disk with the data folder")
AWAY = Asked("atw_scrape_part_away", "1 where a part could not be asked", ("part",))

ASKED = (
    QUEUE_LENGTH, QUEUE_OLDEST, QUEUE_HELD, WORKERS, BROKER_MEMORY, OUTBOX, OUTBOX_OLDEST,
    MESSAGES_OLDEST, BEAT_SENT, FIX_DAYS, DATABASE_BYTES, DISK_FREE, AWAY,
)  # fmt: skip


def series() -> Iterator[str]:
    """The name of every series that `/metrics` may hold."""
    yield from (one.name for one in ASKED)
    for metric in KEPT:
        yield from series_of(metric)


def series_of(metric: Counter | Gauge | Histogram) -> list[str]:
    """The names of a metric's series."""
    (family,) = metric.describe()
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return [f"{family.name}{end}" for end in ends.get(family.type, ("",))]
