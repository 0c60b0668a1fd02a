"""The set of message keys against Python's own."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.harvest.key_set import KEY_SIZE, KeySet, message_key


@given(st.lists(st.binary(min_size=KEY_SIZE, max_size=KEY_SIZE)))
def test_it_tells_new_keys_from_known_ones(keys: list[bytes]) -> None:
    known: set[bytes] = set()
    ours = KeySet()
    for key in keys:
        assert ours.add(key) == (key not in known)
        known.add(key)


def test_it_grows_and_forgets_nothing() -> None:
    chance = random.Random(7)
    keys = [chance.randbytes(KEY_SIZE) for _ in range(20_000)]
    ours = KeySet()
    ours.update(b"".join(keys[:10_000]))
    assert [ours.add(key) for key in keys] == [False] * 10_000 + [True] * 10_000


def test_keys_that_want_the_same_place_are_told_apart() -> None:
    ours = KeySet()
    keys = [(n << 40).to_bytes(KEY_SIZE, "little") for n in range(2000)]
    assert all(ours.add(key) for key in keys)
    assert not any(ours.add(key) for key in keys)


def test_a_copy_has_the_key_of_its_original() -> None:
    assert message_key(b" <a@x> ", b" Mon", b"From: a") == message_key(b"<a@x>", b"Mon", b"From: b")


def test_a_repeated_id_at_another_time_is_another_message() -> None:
    assert message_key(b"<a@x>", b"Mon", b"") != message_key(b"<a@x>", b"Tue", b"")


def test_without_an_id_the_whole_header_counts() -> None:
    assert message_key(b" ", b"Mon", b"From: a") != message_key(b"", b"Mon", b"From: b")
    assert message_key(b"", b"Mon", b"From: a") == message_key(b"", b"Mon", b"From: a")
