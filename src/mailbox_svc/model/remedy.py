"""What a failure is answered with: what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about a failure, in plain words, with the provider's own page if there is one."""

    text: str
    url: str = ""
