"""The sync client on grpcio-testing's channel, which shows a call before it is answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
import grpc_testing
import pytest

import mailboxes
from mailboxes.v1 import mailbox_service_pb2 as pb
from support.scripted_service import TOKEN

SERVICE = pb.DESCRIPTOR.services_by_name["MailboxService"]


def test_a_channel_of_ones_own_carries_the_call() -> None:
    channel = grpc_testing.channel([SERVICE], grpc_testing.strict_real_time())
    client = mailboxes.Client("unused:1", TOKEN, channel=channel)
    with ThreadPoolExecutor() as threads:
        running = threads.submit(client.delete, "a")
        metadata, request, rpc = channel.take_unary_unary(SERVICE.methods_by_name["Delete"])
        rpc.terminate(pb.DeleteResponse(ok=True), (), grpc.StatusCode.OK, "")
        running.result(5)
    assert request == pb.DeleteRequest(id="a")
    assert ("authorization", f"Bearer {TOKEN}") in metadata


def test_a_failure_of_such_a_channel_is_an_error_of_ours() -> None:
    channel = grpc_testing.channel([SERVICE], grpc_testing.strict_real_time())
    client = mailboxes.Client("unused:1", TOKEN, channel=channel)
    with ThreadPoolExecutor() as threads:
        running = threads.submit(client.list)
        _, _, rpc = channel.take_unary_unary(SERVICE.methods_by_name["List"])
        rpc.terminate(None, (("x-request-id", "r-1"),), grpc.StatusCode.UNAVAILABLE, "Down.")
        with pytest.raises(mailboxes.Unavailable) as caught:
            running.result(5)
    assert (caught.value.message, caught.value.request_id) == ("Down.", "r-1")
