"""`make bench-sync`: what background sync costs, what a second worker brings, what a million schedules do.

Takes some five minutes on two quiet cores; `--quick` only shows that all of it runs.
"""

from __future__ import annotations

import argparse

from parts import allow_many_sockets
from sync import dispatcher, rounds, tables

_PARTS = ("near", "far", "dispatcher")


def main() -> None:
    given = _arguments()
    allow_many_sockets()
    quick = given.quick
    for part in given.parts or _PARTS:
        if part == "near":
            tables.show_near(rounds.near(5 if quick else given.mailboxes, 1 if quick else given.rounds))
        elif part == "far":
            tables.show_far(rounds.far(5 if quick else 300), rounds.held(20 if quick else given.held))
        else:
            rows, claims = (5_000, 2) if quick else (given.schedules, 50)
            seconds, warm_up = (1.5, 1.0) if quick else (given.seconds, 3.0)
            claimed, whole = dispatcher.measure(
                rows, claims, 2, seconds, warm_up=warm_up, pooler=given.pooler
            )
            tables.show_dispatcher(rows, claimed, whole)


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(prog="make bench-sync", description=__doc__)
    arguments.add_argument(
        "parts", nargs="*", metavar="PART", help=f"{', '.join(_PARTS)}; all if none is named"
    )
    arguments.add_argument("--quick", action="store_true", help="tiny sizes: does it run at all?")
    arguments.add_argument("--mailboxes", type=int, default=300, help="on the near server")
    arguments.add_argument("--rounds", type=int, default=3, help="of which medians are taken")
    arguments.add_argument("--held", type=int, default=1000, help="syncs at once against slow servers")
    arguments.add_argument("--schedules", type=int, default=1_000_000, help="in the dispatcher's table")
    arguments.add_argument("--seconds", type=float, default=20.0, help="that workers get there")
    arguments.add_argument("--pooler", action="store_true", help="workers reach it through pgbouncer")
    given = arguments.parse_args()
    unknown = set(given.parts) - set(_PARTS)
    if unknown:
        arguments.error(f"no such part: {', '.join(sorted(unknown))}")
    return given


if __name__ == "__main__":
    main()
