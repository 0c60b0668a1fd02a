"""`List` calls a second on SQLite, five rows a user and a token on each call, against a bare grpc.aio echo.

The echo answers as many bytes as the service does, on uvloop as the service runs on, and on asyncio as it
comes. Client and servers are processes of their own. Rounds are interleaved, and a ratio is the median of the
rounds' ratios, so that a neighbour's load falls on both alike.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from mailboxes.v1 import mailbox_service_pb2 as pb
from parts import Row, Service, ask_script, median, ratio, running_script, running_service
from report import show
from support.jwks_server import Issuer
from support.jwks_server import running as running_issuer

USERS = 50
ROWS = 5
CALLERS = 16
GOAL = 0.7
#: Seconds, rounds and users that show that it runs.
QUICK = (0.1, 1, 4)


def measure(seconds: float, rounds: int, user_count: int = USERS) -> list[Row]:
    """Measure for `seconds` a round and server, with so many users."""
    with ExitStack() as stack:
        hs256 = stack.enter_context(running_service())
        issuer = stack.enter_context(_published_keys())
        es256 = stack.enter_context(running_service(MAILBOX_JWT_JWKS_URL=issuer.url))
        users = [f"user-{number}" for number in range(user_count)]
        questions = {
            "HS256": _question(hs256, [hs256.token(user) for user in users]),
            "ES256": _question(es256, [issuer.sign(sub=user) for user in users]),
        }
        for question in questions.values():
            _fill(question)
        answer = ask_script("load.py", {**questions["HS256"], "seconds": 0.1, "warm_up": 0.0})["last"]
        assert len(pb.ListResponse.FromString(bytes.fromhex(answer)).mailboxes) == ROWS
        for loop in ("uvloop", "asyncio"):
            echo = stack.enter_context(running_script("echo_server.py", loop, "List", answer))
            questions[loop] = {
                **questions["HS256"],
                "address": echo.ready["address"],
                "pid": echo.process.pid,
            }
        return _rows(_interleaved(questions, seconds, rounds))


@dataclass(slots=True)
class _Series:
    """What the rounds showed about one server."""

    #: Calls a second.
    speeds: list[float] = field(default_factory=list)
    #: Seconds of the server's CPU a call.
    costs: list[float] = field(default_factory=list)


def _interleaved(questions: dict[str, dict[str, Any]], seconds: float, rounds: int) -> dict[str, _Series]:
    seen = {name: _Series() for name in questions}
    for _ in range(rounds):
        for name, question in questions.items():
            answer = ask_script("load.py", {**question, "seconds": seconds, "warm_up": seconds / 4})
            assert answer["errors"] == 0, f"{name}: {answer['errors']} calls failed"
            seen[name].speeds.append(answer["calls_per_second"])
            seen[name].costs.append(answer["cpu_per_call"])
    return seen


def _rows(seen: dict[str, _Series]) -> list[Row]:
    return [
        Row(
            f"List, {ROWS} rows, {token}, {CALLERS} callers",
            f"{median(seen[token].speeds):,.0f} calls/s",
            f"bare echo on {loop}: {median(seen[loop].speeds):,.0f}",
            ratio(seen[token].speeds, seen[loop].speeds),
            f"goal {GOAL}; server CPU {_micro(seen[token])} against {_micro(seen[loop])} µs",
        )
        for token in ("HS256", "ES256")
        for loop in ("uvloop", "asyncio")
    ]


def _micro(series: _Series) -> str:
    return f"{median(series.costs) * 1e6:.0f}"


def _question(service: Service, tokens: list[str]) -> dict[str, Any]:
    calls = [["List", pb.ListRequest().SerializeToString().hex(), _bearing(token)] for token in tokens]
    return {"address": service.address, "pid": service.pid, "calls": calls, "callers": CALLERS}


def _bearing(token: str) -> list[list[str]]:
    return [["authorization", f"Bearer {token}"]]


def _fill(question: dict[str, Any]) -> None:
    """Give each user of the question five mailboxes, by the service's own Save."""
    saves = [
        ["Save", _save(number).SerializeToString().hex(), metadata]
        for _, _, metadata in question["calls"]
        for number in range(ROWS)
    ]
    ask_script("load.py", {**question, "calls": saves, "once": True})


def _save(number: int) -> pb.SaveRequest:
    return pb.SaveRequest(
        label=f"Mailbox {number}",
        host="imap.example.org",
        port=993,
        tls=True,
        user=f"somebody.{number}@example.org",
        password="CANARY-bench",
    )


@contextmanager
def _published_keys() -> Iterator[Issuer]:
    """Publish an ES256 key as a JWKS, from a loop in a thread of its own."""
    issuer, up, stop = Issuer(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running_issuer(issuer):
            up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    up.wait()
    try:
        yield issuer
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each round and server")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--quick", action="store_true", help="one short round: does it run at all?")
    given = arguments.parse_args()
    show(measure(*QUICK) if given.quick else measure(given.seconds, given.rounds))
