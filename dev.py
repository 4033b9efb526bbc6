#!/usr/bin/env python3
"""ATW Backend on a bare machine: everything that the Makefile calls.

Needs Python 3.11 or newer and nothing else; it makes its own .venv. Nothing but the
standard library may be imported before that has happened.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  somebody will try
    sys.exit("dev.py needs Python 3.11 or newer")

from devtools import bootstrap

#: What needs more than a running system does.
DEVELOPING = {"test", "lint", "lock", "screenshots", "prove", "soak", "docs"}


def main() -> int:
    """Set up what the command needs, then run it; its exit code."""
    options, rest = parser().parse_known_args()
    if rest and options.command not in {"test", "bench", "prove", "soak"}:
        parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return run(options, rest)
    except bootstrap.SetupError as error:
        print(f"dev.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run(options: argparse.Namespace, rest: list[str]) -> int:
    """Dispatch a parsed command line; `rest` are the arguments of what it starts."""
    developing = options.command in DEVELOPING
    running = bootstrap.FLOWER if getattr(options, "flower", False) else bootstrap.EMBEDDED
    bootstrap.enter_venv(bootstrap.DEV if developing else running)
    from devtools import tools

    match options.command:
        case "up" | "demo":
            return start(options)
        case "test":
            warn_without_node_modules()
            return tools.test(rest)
        case "bench":
            return tools.bench(rest)
        case "prove":
            return tools.prove(rest)
        case "soak":
            return tools.soak(rest)
        case "lint":
            return tools.lint()
        case "docs":
            return tools.docs()
        case "lock":
            return tools.lock()
        case "env":
            return tools.env(options.data)
        case "export" | "import":
            return transfer(options)
        case "screenshots":
            return screenshots()
        case _:
            return tools.redis_prompt(options.data, options.words, options.db)


def start(options: argparse.Namespace) -> int:
    """`up` and `demo`."""
    warn_without_node_modules()
    from devtools import up

    demo = options.command == "demo"
    return up.run(
        up.Options(
            port=options.port,
            data=options.data,
            host=options.host,
            server=options.server,
            web=options.web,
            demo=demo,
            reset=options.reset,
            vehicles=options.vehicles if demo else 0,
            flower=options.flower,
        )
    )


def screenshots() -> int:
    """`screenshots`."""
    warn_without_node_modules()
    from devtools import screenshots

    return screenshots.run()


def transfer(options: argparse.Namespace) -> int:
    """`export` and `import`."""
    from devtools import transfer

    if options.command == "export":
        return transfer.export(options.data, options.file)
    return transfer.load(options.file, options.database_url)


def warn_without_node_modules() -> None:
    """The front-end packages are wanted, but nothing depends on them."""
    if warning := bootstrap.ensure_node_modules():
        bootstrap.say(f"warning: {warning}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    root = argparse.ArgumentParser(prog="dev.py", description=__doc__.partition("\n")[0])
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    running = instance_options(server_options())
    commands.add_parser("up", parents=[running], help="run everything but the simulated fleet")
    demo = commands.add_parser("demo", parents=[running], help="up, a demo company and its fleet")
    demo.add_argument("--vehicles", type=int, default=25)
    commands.add_parser("test", help="run the tests; further arguments go to pytest")
    commands.add_parser("bench", help="measure; further arguments: which sections")
    commands.add_parser("prove", help="hold the promises against faults; --rows 1,3, --quick")
    commands.add_parser("soak", help="half an hour at 500 fixes/s; --minutes N")
    commands.add_parser("lint", help="ruff, mypy and import-linter")
    data = instance_options(argparse.ArgumentParser(add_help=False))
    commands.add_parser("env", parents=[data], help="print DATABASE_URL and REDIS_URL")
    redis = commands.add_parser("redis", parents=[data], help="a prompt to the broker")
    redis.add_argument("-n", dest="db", type=int, default=0, help="database number")
    redis.add_argument("words", nargs="*", help="one command, instead of the prompt")
    export = commands.add_parser("export", parents=[data], help="write the database into a file")
    export.add_argument("file", type=Path, metavar="FILE")
    load = commands.add_parser("import", help="fill an empty PostgreSQL with an export")
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--database-url", required=True, metavar="postgresql://…")
    commands.add_parser("screenshots", help="take the pictures of README and docs")
    commands.add_parser("docs", help="build the documentation site; a broken link is an error")
    commands.add_parser("lock", help="pin the dependencies of pyproject.toml")
    return root


def server_options() -> argparse.ArgumentParser:
    """What `up` and `demo` share."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    options.add_argument("--web", type=int, default=1, metavar="N", help="web processes")
    options.add_argument("--flower", action="store_true", help="start Flower as well")
    options.add_argument("--reset", action="store_true", help="wipe the data folder first")
    return options


def instance_options(options: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add `--data` to a parser."""
    default = Path(os.environ.get("ATW_DATA") or bootstrap.ROOT / "var")
    options.add_argument("--data", type=Path, default=default, metavar="DIR")
    return options


if __name__ == "__main__":
    sys.exit(main())
