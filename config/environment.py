"""Where settings come from: the process environment, then the running instance's file.

`dev.py up` writes `<data>/instance.env`, so a second terminal needs no exports: whatever
is typed there (`celery -A config …`, `manage.py shell`) talks to the running instance.
"""

import os
from datetime import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("ATW_DATA") or BASE_DIR / "var")


def read_dotenv(path: Path) -> dict[str, str]:
    """`KEY=value` lines of `path`; {} where it is absent or not ours to read."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


_instance = read_dotenv(DATA_DIR / "instance.env")


def env(name: str, default: str = "") -> str:
    """The variable's value; an empty one counts as not set."""
    return os.environ.get(name) or _instance.get(name) or default


def env_bool(name: str, default: bool = False) -> bool:
    """True for 1, true, yes and on."""
    return env(name, str(default)).lower() in {"1", "true", "yes", "on"}


def env_int(name: str, default: int) -> int:
    """The variable as an integer; ValueError names it where it is none."""
    try:
        return int(env(name, str(default)))
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {env(name)!r}") from None


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """The variable, one of `choices`; the first where it is not set."""
    value = env(name, choices[0])
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def env_url(name: str) -> str:
    """The variable as an http(s) address without user, query and fragment; "" where not set."""
    value = env(name)
    parts = urlsplit(value)
    plain = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if value and not (plain and not parts.query and not parts.fragment):
        raise ValueError(f"{name} must be like https://routing.example.org")
    return value


def env_list(name: str) -> list[str]:
    """Comma-separated values, blanks dropped."""
    return [part.strip() for part in env(name).split(",") if part.strip()]


def hours(words: str) -> tuple[time, time] | None:
    """`21:00-07:00` as (from, until); None for `off`. ValueError for anything else."""
    if words == "off":
        return None
    begin, dash, end = words.partition("-")
    if not dash:
        raise ValueError(f"quiet hours are like 21:00-07:00 or off, not {words!r}")
    return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())


def postgres_parts(url: str) -> dict[str, str | int]:
    """`postgresql://user:password@host:port/name` as Django's DATABASES keys."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must start with postgresql:// (SQLite is not supported)")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
    }


def redis_db(url: str, db: int) -> str:
    """`url` pointing at database `db` of the same server."""
    parts = urlsplit(url)
    return parts._replace(path=f"/{db}").geturl()
