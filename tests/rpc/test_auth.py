"""Who may call, and for whom."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from mailbox_svc.errors import KeysUnavailable, TokenExpired
from mailbox_svc.model.caller import Caller
from mailbox_svc.rpc.call import calling_user
from mailbox_svc.rpc.server import UseCases
from support.probe import KINDS, call, path, probe
from support.rpc import ANN, SERVICE, Failure, KnownTokens, bearing, failure_of, serving

Metadata = tuple[tuple[str, str], ...]


async def tell_user(_request: object, _context: object) -> StringValue:
    return StringValue(value=calling_user())


async def stream_user(_request: object, _context: object) -> Any:
    yield StringValue(value=calling_user())


TELLING = probe(
    UnaryUnary=tell_user, UnaryStream=stream_user, StreamUnary=tell_user, StreamStream=stream_user
)


async def user_seen(use_cases: UseCases, metadata: Metadata, verifier: Any = None) -> str:
    async with serving(use_cases, verifier, handlers=TELLING) as served:
        (user,) = await call(served.channel, "UnaryUnary", "x", metadata=metadata)
    return user


async def refusal(use_cases: UseCases, metadata: Metadata, verifier: Any = None) -> Failure:
    async with serving(use_cases, verifier, handlers=TELLING) as served:
        failure = await failure_of(call(served.channel, "UnaryUnary", "x", metadata=metadata))
    assert "CANARY" not in repr(failure)
    return failure


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_token_stands_for_its_subject(scheme: str, no_data: UseCases) -> None:
    assert await user_seen(no_data, (("authorization", f"{scheme} {ANN}"),)) == "ann"


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_call_needs_a_token(kind: str, no_data: UseCases) -> None:
    async with serving(no_data, handlers=TELLING) as served:
        failure = await failure_of(call(served.channel, kind, "x"))
        assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
        assert await call(served.channel, kind, "x", metadata=bearing(ANN)) == ["ann"]


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic CANARY-basic", ANN])
async def test_anything_but_a_bearer_token_is_no_token(value: str, no_data: UseCases) -> None:
    failure = await refusal(no_data, (("authorization", value),))
    assert failure.reason == "TOKEN_MISSING"


async def test_an_unknown_token_is_refused(no_data: UseCases) -> None:
    failure = await refusal(no_data, bearing("CANARY-forged"))
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")


async def test_two_tokens_are_refused_even_if_both_are_good(no_data: UseCases) -> None:
    assert (await refusal(no_data, bearing(ANN) * 2)).reason == "TOKEN_INVALID"


async def test_a_token_of_more_than_8_kib_is_refused_unread(no_data: UseCases) -> None:
    longest = "CANARY" + "x" * (8 * 1024 - 6)
    verifier = KnownTokens(dict.fromkeys((longest, longest + "x"), Caller("ann", False, 2**40)))
    assert await user_seen(no_data, bearing(longest), verifier) == "ann"
    assert (await refusal(no_data, bearing(longest + "x"), verifier)).reason == "TOKEN_INVALID"


@pytest.mark.parametrize("error", [TokenExpired(), KeysUnavailable(retry_after=3)])
async def test_what_the_verifier_says_reaches_the_caller(error: Any, no_data: UseCases) -> None:
    class Refusing:
        async def verify(self, _token: str) -> Caller:
            raise error

    assert (await refusal(no_data, bearing(ANN), Refusing())).reason == error.reason


async def test_the_request_is_not_even_parsed_before_the_token_is_known(no_data: UseCases) -> None:
    async with serving(no_data, handlers=TELLING) as served:
        raw: Any = served.channel.unary_unary(path("UnaryUnary"))
        assert (await failure_of(raw(b"\xff\xff"))).reason == "TOKEN_MISSING"
        assert (await failure_of(raw(b"\xff\xff", metadata=bearing(ANN)))).reason == "INVALID_FIELDS"


@pytest.mark.parametrize("subject", ["", "x" * 256, "ann\n", "a\u200bnn"])
async def test_a_subject_that_cannot_be_a_user_id_is_refused(subject: str, no_data: UseCases) -> None:
    verifier = KnownTokens({ANN: Caller(subject, is_service=False, expires_at=2**40)})
    assert (await refusal(no_data, bearing(ANN), verifier)).reason == "TOKEN_INVALID"


async def test_a_user_may_name_himself_and_nobody_else(no_data: UseCases) -> None:
    assert await user_seen(no_data, bearing(ANN, x_user_id="ann")) == "ann"
    failure = await refusal(no_data, bearing(ANN, x_user_id="bob"))
    assert (failure.code, failure.reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ALLOWED")
    both = (*bearing(ANN, x_user_id="ann"), ("x-user-id", "bob"))
    assert (await refusal(no_data, both)).reason == "NOT_ALLOWED"


@pytest.mark.parametrize("user", ["ann", "8c6ed5a4-2b0c-4a53-9e60-6f1b42c0a0c5", "x" * 255])
async def test_a_service_acts_for_the_user_it_names(user: str, no_data: UseCases) -> None:
    assert await user_seen(no_data, bearing(SERVICE, x_user_id=user)) == user


@pytest.mark.parametrize("users", [[], [""], ["x" * 256], ["ann", "bob"], ["ann", "ann"]])
async def test_a_service_must_name_exactly_one_possible_user(users: list[str], no_data: UseCases) -> None:
    metadata = (*bearing(SERVICE), *(("x-user-id", user) for user in users))
    failure = await refusal(no_data, metadata)
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    assert list(failure.violations) == ["x-user-id"]
