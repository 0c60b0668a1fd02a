"""`List` calls a second on SQLite, five rows a user and a token on each call, against a bare grpc.aio echo.

The echo answers as many bytes as the service does. Client and servers are processes of their own; the
rounds are interleaved, so that a neighbour's load falls on all alike; the median round counts.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mailboxes.v1 import mailbox_service_pb2 as pb
from parts import Row, Service, ask_script, median, running_script, running_service
from report import show
from support.jwks_server import Issuer
from support.jwks_server import running as running_issuer

USERS = 50
ROWS = 5
CALLERS = 16
GOAL = 0.7


def measure(seconds: float, rounds: int) -> list[Row]:
    """Measure for `seconds` a round and server."""
    with ExitStack() as stack:
        hs256 = stack.enter_context(running_service())
        issuer = stack.enter_context(_published_keys())
        es256 = stack.enter_context(running_service(MAILBOX_JWT_JWKS_URL=issuer.url))
        users = [f"user-{number}" for number in range(USERS)]
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


def _interleaved(
    questions: dict[str, dict[str, Any]], seconds: float, rounds: int
) -> dict[str, dict[str, float]]:
    """Return the medians of speed and CPU by name."""
    speeds: dict[str, list[float]] = {name: [] for name in questions}
    costs: dict[str, list[float]] = {name: [] for name in questions}
    for _ in range(rounds):
        for name, question in questions.items():
            answer = ask_script("load.py", {**question, "seconds": seconds, "warm_up": seconds / 4})
            assert answer["errors"] == 0, f"{name}: {answer['errors']} calls failed"
            speeds[name].append(answer["calls_per_second"])
            costs[name].append(answer["cpu_per_call"])
    return {name: {"speed": median(speeds[name]), "cpu": median(costs[name])} for name in questions}


def _rows(seen: dict[str, dict[str, float]]) -> list[Row]:
    echo = seen["uvloop"]
    rows = []
    for name in ("HS256", "ES256"):
        one = seen[name]
        rows.append(
            Row(
                f"List, {ROWS} rows, {name}, {CALLERS} callers",
                f"{one['speed']:,.0f} calls/s",
                f"bare echo on uvloop: {echo['speed']:,.0f}",
                one["speed"] / echo["speed"],
                f"goal {GOAL}; server CPU {one['cpu'] * 1e6:.0f} against {echo['cpu'] * 1e6:.0f} µs",
            )
        )
        rows.append(
            Row(
                f"List, {name}, the same",
                f"{one['speed']:,.0f} calls/s",
                f"bare echo on asyncio: {seen['asyncio']['speed']:,.0f}",
                one["speed"] / seen["asyncio"]["speed"],
                f"server CPU of that echo {seen['asyncio']['cpu'] * 1e6:.0f} µs",
            )
        )
    return rows


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
    show(measure(0.3, 1) if given.quick else measure(given.seconds, given.rounds))
