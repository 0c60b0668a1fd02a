"""The four RPCs about duplicates: what the use case is asked, what of it is shown, and what limits them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import pytest

from mailbox_svc.contacts.merging import DuplicatePage, Merging
from mailbox_svc.contacts.service import Contacts
from mailbox_svc.errors import MergedSince, MergeNotFound, NotMergeable
from mailbox_svc.model.contact import Contact, Typed
from mailbox_svc.rpc.convert_contact import contact_to_pb
from mailbox_svc.rpc.limits import Limits
from mailbox_svc.rpc.server import RpcConfig, UseCases
from mailboxes.v1 import contact_service_pb2 as pb
from mailboxes.v1 import mailbox_service_pb2
from mailboxes.v1.contact_service_pb2_grpc import ContactServiceStub
from support.made_contacts import NOW, contact_of
from support.rpc import ANN, SERVICE, Served, bearing, eventually, failure_of, serving, without_data

JO, KIM = contact_of("Jo Smith", "jo@example.org"), contact_of("J. Smith", "smith@example.com", score=9.0)
WHY = "Same name, and both use company.example."


class Clocked(Contacts):
    """Tells the time by which ranks are shown, and nothing else."""

    def __init__(self) -> None:
        self._clock = lambda: NOW


@dataclass
class Scripted(Merging):
    """Records what it is asked, and knows these pairs. Their places are the tokens of pages."""

    pairs: Sequence[tuple[Contact, Contact, float, str]] = ()
    error: Exception | None = None
    seconds: float = 0
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def _answers(self, *question: Any) -> None:
        self.asked.append(question)
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error

    async def duplicates(
        self, user_id: str, *, contact_id: str | None, size: int, token: str
    ) -> DuplicatePage:
        await self._answers(user_id, contact_id, size, token)
        begin = int(token or 0)
        end = begin + (size or 50)
        following = str(end) if end < len(self.pairs) else ""
        return DuplicatePage(list(self.pairs[begin:end]), following, len(self.pairs))

    async def merge(self, user_id: str, ids: Sequence[str]) -> tuple[Contact, str]:
        await self._answers(user_id, *ids)
        return JO, "m1"

    async def undo(self, user_id: str, merge_id: str) -> list[Contact]:
        await self._answers(user_id, merge_id)
        return [JO, KIM]

    async def dismiss(self, user_id: str, first_id: str, second_id: str) -> None:
        await self._answers(user_id, first_id, second_id)


def over(merging: Merging) -> UseCases:
    return replace(without_data(), contacts=Clocked(), merging=merging)


def limited(**limits: Any) -> RpcConfig:
    return RpcConfig("127.0.0.1:0", limits=Limits(**limits))


def ask(served: Served, method: str, request: Any, user: str = "ann") -> Any:
    stub = ContactServiceStub(served.channel)
    return getattr(stub, method)(request, metadata=bearing(SERVICE, x_user_id=user), timeout=10)


def listed(served: Served, user: str = "ann", **fields: Any) -> Any:
    return ask(served, "ListDuplicates", pb.ListDuplicatesRequest(**fields), user)


async def test_a_pair_is_two_contacts_with_a_score_and_a_reason() -> None:
    async with serving(over(Scripted([(JO, KIM, 0.75, WHY)]))) as served:
        answer = await listed(served)
    [pair] = answer.duplicates
    assert pair.first == contact_to_pb(JO, NOW)
    assert pair.second == contact_to_pb(KIM, NOW)
    assert (pair.score, pair.why) == (0.75, WHY)
    assert pair.first.rank > pair.second.rank
    assert (answer.next_page_token, answer.total_size) == ("", 1)


async def test_duplicates_are_asked_for_in_the_callers_name_with_what_was_sent() -> None:
    merging = Scripted([(JO, KIM, 0.75, WHY)] * 9)
    async with serving(over(merging)) as served:
        answer = await listed(served, contact_id=JO.id, page_size=3, page_token="2")
        await listed(served, "bob")
        await listed(served, contact_id="")
    assert (len(answer.duplicates), answer.next_page_token, answer.total_size) == (3, "5", 9)
    assert merging.asked == [("ann", JO.id, 3, "2"), ("bob", None, 0, ""), ("ann", "", 0, "")]


async def test_the_greatest_page_of_pairs_fits_into_what_clients_take() -> None:
    """Five hundred pairs of contacts with the longest notes are twice as much."""
    huge = contact_of(typed=Typed(note="\U0001f4eb" * 2000))
    many = [(huge, huge, 0.5, str(number)) for number in range(1000)]
    seen: list[str] = []
    token = ""
    async with serving(over(Scripted(many))) as served:
        while True:
            page = await listed(served, page_size=500, page_token=token)
            assert 1024 * 1024 < page.ByteSize() < 4 * 1024 * 1024
            assert page.total_size == 1000
            seen += [pair.why for pair in page.duplicates]
            token = page.next_page_token
            if not token:
                break
    assert seen == [str(number) for number in range(1000)]


async def test_contacts_are_merged_in_the_order_given_and_the_kept_one_comes_back() -> None:
    merging = Scripted()
    async with serving(over(merging)) as served:
        answer = await ask(served, "MergeContacts", pb.MergeContactsRequest(ids=["c", "a", "b"]))
    assert merging.asked == [("ann", "c", "a", "b")]
    assert (answer.contact, answer.merge_id) == (contact_to_pb(JO, NOW), "m1")


async def test_a_merge_is_taken_back_and_all_its_contacts_come() -> None:
    merging = Scripted()
    async with serving(over(merging)) as served:
        answer = await ask(served, "UndoMerge", pb.UndoMergeRequest(merge_id="m1"))
    assert merging.asked == [("ann", "m1")]
    assert list(answer.contacts) == [contact_to_pb(JO, NOW), contact_to_pb(KIM, NOW)]


async def test_a_pair_is_dismissed() -> None:
    merging = Scripted()
    async with serving(over(merging)) as served:
        request = pb.DismissDuplicateRequest(first_id="a", second_id="b")
        assert (await ask(served, "DismissDuplicate", request)).ok
    assert merging.asked == [("ann", "a", "b")]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MergeNotFound(), grpc.StatusCode.NOT_FOUND),
        (MergedSince(), grpc.StatusCode.FAILED_PRECONDITION),
        (NotMergeable(), grpc.StatusCode.FAILED_PRECONDITION),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_cannot_be_merged_or_taken_back_is_told_apart(
    error: MergeNotFound | MergedSince | NotMergeable, code: grpc.StatusCode
) -> None:
    async with serving(over(Scripted(error=error))) as served:
        failure = await failure_of(ask(served, "UndoMerge", pb.UndoMergeRequest(merge_id="m1")))
    assert (failure.code, failure.reason, failure.message) == (code, error.reason, error.message)


async def test_a_comparison_may_take_longer_than_other_calls_and_has_an_end() -> None:
    async with serving(over(Scripted(seconds=0.4)), config=limited(seconds=0.1)) as served:
        await listed(served)
    async with serving(over(Scripted(seconds=60)), config=limited(comparison_seconds=0.1)) as served:
        failure = await failure_of(listed(served))
        assert (failure.code, failure.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        assert served.slots_in_use == 0


async def test_a_user_has_so_many_comparisons_and_no_more() -> None:
    merging = Scripted(seconds=60)
    config = limited(comparisons=3, comparisons_per_user=2)
    async with serving(over(merging), config=config) as served:
        running = [listed(served), listed(served)]
        await eventually(lambda: len(merging.asked) == 2)
        failure = await failure_of(listed(served))
        assert (failure.code, failure.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert "of this user" in failure.message
        await served.stub.List(mailbox_service_pb2.ListRequest(), metadata=bearing(ANN), timeout=20)
        running.append(listed(served, "bob"))
        await eventually(lambda: len(merging.asked) == 3)
        full = await failure_of(listed(served, "cay"))
        assert full.reason == "OVERLOADED"
        assert "of this user" not in full.message
        for call in running:
            call.cancel()
        await eventually(lambda: served.slots_in_use == 0)
