"""The commands about duplicates as their users run them, against a service that says what the test wants."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1.contact_pb2 import Contact, ContactAddress, SkipReason
from support.command import mailbox_svc, on_a_terminal
from support.scripted_service import TOKEN, Abort, Script, serving

JO = Contact(
    id="id-jo",
    display_name="Jo [red]Smith[/]",
    address="jo.smith@company.example",
    addresses=[ContactAddress(address="jo.smith@company.example"), ContactAddress(address="jo@example.org")],
)
JOE = Contact(
    id="id-joe",
    display_name="Smith, Jo\u202e",
    address="j.smith@company.example",
    addresses=[ContactAddress(address="j.smith@company.example")],
)
WHY = "Same name, and both use company.example."
PAIR = pb.Duplicate(first=JO, second=JOE, score=0.954, why=WHY)


@dataclass(frozen=True, slots=True)
class World:
    """A scripted service, and how it is called."""

    script: Script
    connection: tuple[str, ...]

    async def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(mailbox_svc, "contacts", *arguments, *self.connection)

    async def on_a_terminal(self, *arguments: str) -> tuple[str, int]:
        return await asyncio.to_thread(on_a_terminal, "contacts", *arguments, *self.connection)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    token, script = tmp_path / "token", Script()
    token.write_text(TOKEN)
    async with serving(script) as target:
        yield World(script, ("--target", target, "--token-file", str(token)))


def page(*pairs: pb.Duplicate, following: str = "", total: int = 0) -> pb.ListDuplicatesResponse:
    return pb.ListDuplicatesResponse(duplicates=pairs, next_page_token=following, total_size=total)


def refused(reason: str) -> Abort:
    packed = AnyMessage()
    packed.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="mailboxes.v1"))
    status = status_pb2.Status(code=9, message="A sentence.", details=[packed]).SerializeToString()
    trailers = (("grpc-status-details-bin", status),)
    return Abort(grpc.StatusCode.FAILED_PRECONDITION, "A sentence.", trailers)


async def test_a_pair_is_a_line_with_names_addresses_score_and_reason(world: World) -> None:
    world.script.answers = [page(PAIR, total=1)]
    done = await world.run("duplicates")
    assert (done.returncode, done.stderr) == (0, "")
    head, row = done.stdout.splitlines()
    assert head.split() == ["score", "first", "second", "why"]
    assert re.split(r"\s{2,}", row) == [
        "0.95",
        "Jo [red]Smith[/] <jo.smith@company.example>",
        "Smith, Jo\ufffd <j.smith@company.example>",
        WHY,
    ]


async def test_pages_are_read_up_to_the_limit_and_it_says_how_many_there_are(world: World) -> None:
    world.script.answers = [
        page(PAIR, PAIR, following="t", total=1234),
        page(PAIR, following="u", total=1234),
    ]
    done = await world.run("duplicates", "--limit", "3")
    assert len(done.stdout.splitlines()) == 4
    assert done.stderr == "3 of 1,234; --limit shows more.\n"
    assert [call.request for call in world.script.received] == [
        pb.ListDuplicatesRequest(page_size=3),
        pb.ListDuplicatesRequest(page_size=1, page_token="t"),
    ]


async def test_where_there_is_none_it_says_so(world: World) -> None:
    done = await world.run("duplicates")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "There is none.\n")


async def test_on_a_screen_of_80_columns_nothing_of_a_pair_is_lost(world: World) -> None:
    world.script.answers = [page(PAIR, total=1)]
    seen, code = await world.on_a_terminal("duplicates")
    lines = re.sub(r"\x1b\[\d*m", "", seen).splitlines()
    assert code == 0
    assert max(map(len, lines)) <= 80
    cells = [cell for pair in (JO, JOE) for cell in (pair.display_name, f"<{pair.address}>")]
    expected = "".join(["0.95", WHY, *cells]).replace("\u202e", "\ufffd").replace(" ", "")
    assert sorted("".join(lines[1:]).replace(" ", "")) == sorted(expected)


async def test_json_has_all_of_them_a_line_each(world: World) -> None:
    world.script.answers = [page(PAIR, following="t", total=2), page(PAIR, total=2)]
    lines = (await world.run("duplicates", "--json")).stdout.splitlines()
    assert len(lines) == 2
    pair = json.loads(lines[0])
    assert (pair["first"]["id"], pair["second"]["id"], pair["score"]) == ("id-jo", "id-joe", 0.954)
    assert lines[0].isascii()
    assert [call.request.page_size for call in world.script.received] == [500, 500]


async def test_the_duplicates_of_one_contact_are_asked_for_by_its_address(world: World) -> None:
    world.script.answers = [pb.ListContactsResponse(contacts=[JOE, JO]), page(PAIR, total=1)]
    assert (await world.run("duplicates", "--contact", "JO@example.org")).returncode == 0
    assert world.script.received[-1].request == pb.ListDuplicatesRequest(contact_id="id-jo", page_size=50)


async def test_contacts_are_merged_into_the_first_by_address_or_id(world: World) -> None:
    world.script.answers = [
        pb.ListContactsResponse(contacts=[JOE, JO]),
        pb.MergeContactsResponse(contact=JO, merge_id="id-merge"),
    ]
    done = await world.run("merge", "jo@example.org", "id-joe", "id-third")
    assert done.returncode == 0
    assert done.stdout == (
        "Merged: Jo [red]Smith[/] <jo.smith@company.example>\n"
        "To take it back: mailbox-svc contacts undo id-merge\n"
    )
    merged = world.script.received[-1].request
    assert merged == pb.MergeContactsRequest(ids=["id-jo", "id-joe", "id-third"])


async def test_what_was_merged_is_listed_among_what_was_left_out(world: World) -> None:
    merged = Contact(address="j.smith@company.example", skipped_because=SkipReason.SKIP_REASON_MERGED)
    world.script.answers = [pb.ListSkippedResponse(skipped=[merged], total_size=1)]
    done = await world.run("skipped", "--reason", "merged")
    assert done.stdout.splitlines()[1].split() == ["merged", "j.smith@company.example"]
    assert list(world.script.received[0].request.reasons) == [SkipReason.SKIP_REASON_MERGED]


async def test_an_address_that_nobody_has_merges_nothing(world: World) -> None:
    done = await world.run("merge", "id-jo", "nobody@example.org")
    assert done.returncode == 1
    assert done.stderr == "mailbox-svc: There is no contact with the address nobody@example.org.\n"
    assert "MergeContacts" not in {call.method for call in world.script.received}


async def test_a_merge_is_taken_back(world: World) -> None:
    world.script.answers = [pb.UndoMergeResponse(contacts=[JO, JOE])]
    done = await world.run("undo", "id-merge")
    assert done.stdout == (
        "Taken back: Jo [red]Smith[/] <jo.smith@company.example>, Smith, Jo\ufffd <j.smith@company.example>\n"
    )
    assert world.script.received[-1].request == pb.UndoMergeRequest(merge_id="id-merge")


async def test_a_pair_is_dismissed(world: World) -> None:
    done = await world.run("dismiss", "id-jo", "id-joe")
    assert done.stdout == "Remembered. They are not suggested again.\n"
    sent = pb.DismissDuplicateRequest(first_id="id-jo", second_id="id-joe")
    assert world.script.received[-1].request == sent


@pytest.mark.parametrize("command", [("merge", "a", "b"), ("undo", "m"), ("dismiss", "a", "b")])
async def test_what_the_service_refuses_is_its_sentence(world: World, command: tuple[str, ...]) -> None:
    world.script.answers = [refused("NOT_MERGEABLE")]
    done = await world.run(*command)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "mailbox-svc: A sentence.\n")


@pytest.mark.parametrize(
    "command", [("merge", "a"), ("undo",), ("dismiss", "a"), ("duplicates", "--limit", "0")]
)
async def test_wrong_arguments_end_with_two(world: World, command: tuple[str, ...]) -> None:
    assert (await world.run(*command)).returncode == 2
    assert world.script.received == []
