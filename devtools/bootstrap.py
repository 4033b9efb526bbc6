"""From a bare Python to a filled `.venv` and `node_modules`. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "atw-requirements.json"
EMBEDDED = "requirements-embedded.txt"
FLOWER = "requirements-flower.txt"
DEV = "requirements-dev.txt"
NODE = "devtools/requirements-node.txt"
SUPERSETS = {
    EMBEDDED: (EMBEDDED, FLOWER, DEV),
    FLOWER: (FLOWER, DEV),
    DEV: (DEV,),
    NODE: (NODE,),
}


class SetupError(Exception):
    """The machine lacks something; the message says what to do about it."""


def enter_venv(requirements: str) -> None:
    """Make `.venv` hold `requirements`, then go on under its Python.

    Replaces the running process when that is another Python. Raises SetupError.
    """
    with setup_lock():
        if not _runs(VENV_PYTHON):
            _make_venv()
        install(requirements)
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), *sys.argv])  # noqa: S606


@contextlib.contextmanager
def setup_lock() -> Iterator[None]:
    """One set-up at a time in a checkout: two `make demo` may start side by side."""
    directory = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def install(requirements: str) -> None:
    """Install a pinned requirements file into `.venv`, unless that has been done."""
    done: dict[str, str] = json.loads(STAMP.read_text()) if STAMP.exists() else {}
    if any(done.get(name) == _digest(ROOT / name) for name in SUPERSETS[requirements]):
        return
    say(f"installing {requirements} into .venv (about a minute, once) …")
    # The files are complete locks: --no-deps saves pip the resolving.
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    pip += ["--no-deps", "--require-hashes", "-r", str(ROOT / requirements)]
    run_quietly(pip, f"pip could not install {requirements}")
    STAMP.write_text(json.dumps(done | {requirements: _digest(ROOT / requirements)}))


def ensure_node_modules() -> str | None:
    """Install the front-end packages; a warning to print where npm cannot be reached."""
    if _node_modules_match():
        return None
    say("installing the front-end packages into node_modules …")
    try:
        with setup_lock():
            npm = _npm()
            npm += ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            run_quietly([*npm, "--fetch-retries=1", "--fetch-timeout=30000"], "npm ci failed")
    except SetupError as error:
        why = "\n".join(str(error).splitlines()[:5])
        return f"{why}\nno front-end packages: the board shows no map, the fleet drives on a grid"
    return None


def run_quietly(command: list[str], failure: str) -> None:
    """Run a command in the checkout, showing its output only when it fails (SetupError)."""
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SetupError(f"{failure}:\n{done.stdout}{done.stderr}".rstrip())


def say(text: str) -> None:
    """Print one line of progress at once, also into a pipe."""
    print(text, flush=True)


def _make_venv() -> None:
    say("making .venv …")
    try:
        import ensurepip  # noqa: F401  Debian leaves it out of python3
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            f"this Python cannot make virtual environments (ensurepip is missing).\n"
            f"On Debian or Ubuntu: apt-get install python{version}-venv"
        ) from None
    run_quietly([sys.executable, "-m", "venv", "--clear", str(VENV)], "cannot make .venv")


def _runs(python: Path) -> bool:
    probe = [str(python), "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
    try:
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    install(NODE)
    return [str(VENV_PYTHON), str(VENV / "bin" / "npm")]


def _node_modules_match() -> bool:
    """npm leaves a copy of the lock file in node_modules, as far as it is installed."""
    installed = ROOT / "node_modules" / ".package-lock.json"
    return installed.exists() and _versions(installed) == _versions(ROOT / "package-lock.json")


def _versions(lock: Path) -> dict[str, str]:
    packages = json.loads(lock.read_text())["packages"]
    return {name: entry["version"] for name, entry in packages.items() if name}
