"""The fleet in a process of its own, which needs no Django.

`manage.py simulate` starts it, with `{"options", "credentials", "json"}` on standard input.
"""

import asyncio
import json
import logging
import sys
from typing import Any

from trips.simulator.api import Refused
from trips.simulator.fleet import Options, run


def main() -> int:
    """Drive, then print the summary; returns 1 where the server refuses the dispatcher's login."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    order = json.load(sys.stdin)
    try:
        summary = asyncio.run(run(Options(**order["options"]), order["credentials"]))
    except Refused as refused:
        print(f"The server refuses the simulated dispatcher: {refused}", file=sys.stderr)
        return 1
    print(json.dumps(summary) if order["json"] else _as_text(summary), flush=True)
    return 0


def _as_text(summary: dict[str, Any]) -> str:
    return "\n".join(f"{name.replace('_', ' '):>20}  {value}" for name, value in summary.items())


if __name__ == "__main__":
    sys.exit(main())
