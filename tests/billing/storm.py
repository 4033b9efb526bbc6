"""The storm's test with more of everything.

`python -m tests.billing.storm --trips 1000 --kills 20`; `--mail-kills` kills the worker of the
mails as well.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest


def main() -> int:
    """Run the test with the numbers of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("trips", 1_000), ("kills", 20), ("mail-kills", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, value in vars(parser.parse_args()).items():
        os.environ[f"STORM_{name.upper()}"] = str(value)
    file = Path(__file__).with_name("test_storm.py")
    return int(pytest.main([str(file), "-s", "-p", "no:cacheprovider"]))


if __name__ == "__main__":
    sys.exit(main())
