"""`make bench`: every measurement, one table. Takes minutes; `--quick` only shows that all of it runs."""

from __future__ import annotations

import argparse

from rich.console import Console

import held_tests
import list_calls
import login_cost
import save_calls
from report import show

PARTS = {
    "list": lambda quick: list_calls.measure(*list_calls.QUICK) if quick else list_calls.measure(3.0, 5),
    "save": lambda quick: save_calls.measure(*save_calls.QUICK) if quick else save_calls.measure(3.0, 3),
    "login": lambda quick: login_cost.measure(*login_cost.QUICK) if quick else login_cost.measure(3.0, 3),
    "held": lambda quick: held_tests.measure(20 if quick else 1000),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="tiny sizes: does it run at all?")
    arguments.add_argument("parts", nargs="*", help=f"which of {', '.join(PARTS)}; all if none is named")
    given = arguments.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        arguments.error(f"no such part: {', '.join(sorted(unknown))}")
    rows = []
    for name in given.parts or PARTS:
        Console(stderr=True).print(f"measuring {name} …")
        rows += PARTS[name](given.quick)
    show(rows)


if __name__ == "__main__":
    main()
