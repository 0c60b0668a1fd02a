"""The keys of the messages that were counted, in sixteen bytes each; a set of ints would take seventy."""

from __future__ import annotations

import hashlib
from array import array

#: Bytes of a key.
KEY_SIZE = 8
_SMALLEST = 1024
_hash = hashlib.blake2b


def message_key(message_id: bytes, date: bytes, header: bytes) -> bytes:
    """Return what tells a message from all others, wherever it lies and however often.

    Message-ID and Date together: a copy has both, and software that repeats its ids does so at another
    time. Without a Message-ID it is the whole header.
    """
    message_id = message_id.strip()
    text = message_id + b"\n" + date.strip() if message_id else header
    return _hash(text, digest_size=KEY_SIZE).digest()


class KeySet:
    """A set of keys: open addressing in one array, grown at two thirds."""

    def __init__(self) -> None:
        self._slots = array("Q", bytes(KEY_SIZE * _SMALLEST))
        self._mask = _SMALLEST - 1
        self._room = _SMALLEST * 2 // 3
        self._has_zero = False

    def add(self, key: bytes) -> bool:
        """Add the key; return whether it is new."""
        return self.add_number(int.from_bytes(key, "little"))

    def update(self, keys: bytes) -> None:
        """Add keys that lie one behind the other."""
        for at in range(0, len(keys), KEY_SIZE):
            self.add_number(int.from_bytes(keys[at : at + KEY_SIZE], "little"))

    def add_number(self, number: int) -> bool:
        """Add a key that is an unsigned number of 64 bits; return whether it is new."""
        if not number:  # which marks a free slot
            new, self._has_zero = not self._has_zero, True
            return new
        slots, mask = self._slots, self._mask
        at = number & mask
        while taken := slots[at]:
            if taken == number:
                return False
            at = (at + 1) & mask
        slots[at] = number
        self._room -= 1
        if not self._room:
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._slots
        size = 2 * len(old)
        self._slots = array("Q", bytes(KEY_SIZE * size))
        self._mask = size - 1
        self._room = size * 2 // 3
        for number in old:
            if number:
                self.add_number(number)
