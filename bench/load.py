"""The client that makes the load: reads a JSON question from standard input, prints a JSON answer.

Question: address, pid (whose CPU time is read), calls (list of [method, request as hex, metadata]),
callers, seconds, warm_up. The callers take the calls in turn, over and over until the seconds are
over; with `once` they take each call once. They share `channels` connections, one if not said.
Answer: calls_per_second, cpu_per_call (seconds of the server's CPU), slowest (seconds), errors,
last (the last answer as hex).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import grpc
import psutil
import uvloop

_PATH = "/mailboxes.v1.MailboxService/"
#: Without it, channels to one address would share a connection.
_OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


class _Load:
    def __init__(self, question: dict[str, Any]) -> None:
        calls = [
            (name, bytes.fromhex(request), tuple(map(tuple, metadata)))
            for name, request, metadata in question["calls"]
        ]
        self._methods = {name for name, _, _ in calls}
        self._calls: Iterator[tuple[str, bytes, Any]] = (
            iter(calls) if question.get("once") else itertools.cycle(calls)
        )
        self.done = 0
        self.errors = 0
        self.slowest = 0.0
        self.last = b""

    async def caller(self, channel: grpc.aio.Channel, end: float) -> None:
        stubs: dict[str, Any] = {name: channel.unary_unary(_PATH + name) for name in self._methods}
        for name, request, metadata in self._calls:
            began = time.perf_counter()
            try:
                self.last = await stubs[name](request, metadata=metadata, timeout=60)
            except grpc.aio.AioRpcError as error:
                self.errors += 1
                if self.errors == 1:
                    print(error.code(), error.details(), file=sys.stderr)
            now = time.perf_counter()
            self.slowest = max(self.slowest, now - began)
            self.done += 1
            if now >= end:
                return


async def _measure(question: dict[str, Any]) -> dict[str, Any]:
    server = psutil.Process(question["pid"])
    async with AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(question["address"], options=_OWN_CONNECTION)
            )
            for _ in range(question.get("channels", 1))
        ]
        for channel in channels:
            await channel.channel_ready()
        if not question.get("once"):
            await _run(_Load(question), channels, question["callers"], question["warm_up"])
        load = _Load(question)
        cpu, began = _cpu(server), time.perf_counter()
        await _run(load, channels, question["callers"], question.get("seconds", math.inf))
        took = time.perf_counter() - began
    return {
        "calls_per_second": load.done / took,
        "cpu_per_call": (_cpu(server) - cpu) / load.done,
        "slowest": load.slowest,
        "errors": load.errors,
        "last": load.last.hex(),
    }


async def _run(load: _Load, channels: Sequence[grpc.aio.Channel], callers: int, seconds: float) -> None:
    end = time.perf_counter() + seconds
    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(load.caller(channels[number % len(channels)], end))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(_measure(json.load(sys.stdin)))))
