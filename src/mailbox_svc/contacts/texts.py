"""Counts as people say them."""

from __future__ import annotations


def times(count: int) -> str:
    """Return "once", "twice", "5 times"."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def messages(count: int) -> str:
    """Return "1 message", "5 messages"."""
    return "1 message" if count == 1 else f"{count} messages"
