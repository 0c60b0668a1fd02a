"""A bare grpc.aio server that answers every call with the same message: what gRPC alone costs.

    echo_server.py LOOP METHOD HEX      LOOP is uvloop or asyncio, METHOD List or Save, HEX the answer

It is written as anybody would, on the generated code, and checks nothing. Prints {"address": …} when ready.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import grpc
import uvloop

from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1 import mailbox_service_pb2_grpc as stubs

Context = grpc.aio.ServicerContext[Any, Any]


class _Echo(stubs.MailboxServiceServicer):
    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def List(self, request: pb.ListRequest, context: Context) -> Any:  # noqa: ARG002, N802
        return self._answer

    async def Save(self, request: pb.SaveRequest, context: Context) -> Any:  # noqa: ARG002, N802
        return self._answer

    async def Delete(self, request: pb.DeleteRequest, context: Context) -> Any:  # noqa: ARG002, N802
        return self._answer

    async def Test(self, request: pb.TestRequest, context: Context) -> Any:  # noqa: ARG002, N802
        return self._answer

    async def SuggestSettings(self, request: pb.SuggestSettingsRequest, context: Context) -> Any:  # noqa: ARG002, N802
        return self._answer


async def _serve(servicer: stubs.MailboxServiceServicer) -> None:
    server = grpc.aio.server()
    stubs.add_MailboxServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(json.dumps({"address": f"127.0.0.1:{port}"}), flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    loop, method, answer = sys.argv[1:]
    factory = uvloop.new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    message: Any = {"List": pb.ListResponse, "Save": pb.SaveResponse}[method]
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(_Echo(message.FromString(bytes.fromhex(answer)))))
