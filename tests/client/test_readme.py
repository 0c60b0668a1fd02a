"""The example in the client's README runs as it stands."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

import mailboxes
from mailboxes.v1 import mailbox_service_pb2 as pb
from mailboxes.v1.connection_test_pb2 import Remedy
from support.scripted_service import TOKEN, Abort, Script, serving

README = Path(__file__).parents[2] / "clients" / "python" / "README.md"


async def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    mailbox = mailboxes.Mailbox(id="a", label="Work", status=mailboxes.MailboxStatus.MAILBOX_STATUS_OK)
    packed = AnyMessage()
    packed.Pack(error_details_pb2.ErrorInfo(reason="PASSWORD_REQUIRED", domain="mailboxes.v1"))
    status = status_pb2.Status(code=9, message="Send it again.", details=[packed]).SerializeToString()
    script = Script(
        [
            pb.SaveResponse(mailbox=mailbox),
            pb.TestResponse(ok=False, error="Refused.", remedy=Remedy(text="Make an app password:", url="u")),
            pb.ListResponse(mailboxes=[mailbox]),
            Abort(grpc.StatusCode.FAILED_PRECONDITION, trailers=(("grpc-status-details-bin", status),)),
            pb.DeleteResponse(ok=True),
        ]
    )
    async with serving(script) as target:
        code = compile(example.replace("mailboxes.internal:50051", target), str(README), "exec")
        await asyncio.to_thread(exec, code, {"read_token": lambda: TOKEN})
    assert [call.method for call in script.received] == ["Save", "Test", "List", "Save", "Delete"]
    assert capsys.readouterr().out.splitlines() == [
        "Refused. Make an app password: u",
        "Work MAILBOX_STATUS_OK ",
        "The server changed, so ask for the password again.",
    ]
