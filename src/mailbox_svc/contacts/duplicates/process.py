"""The search for duplicates as a process of its own: `python -m mailbox_svc.contacts.duplicates.process`.

Reads lines of JSON until its standard input ends: the dismissed pairs, then contacts, so many a line; writes
the suggestions the same way. It knows nothing else of the service: no settings, no database, no secret.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from mailbox_svc.contacts.duplicates import suggestions
from mailbox_svc.contacts.duplicates.halves import at_once
from mailbox_svc.model.contact import Kind
from mailbox_svc.model.duplicate import Candidate, Suggestion

#: Contacts or suggestions of one line: a millisecond of work for whoever reads or writes it.
_LINE = 500
#: What ends it where nobody else does: a hundred times what a user with very many contacts takes.
_MOST_SECONDS, _MOST_BYTES = 600, 4 << 30


def lines_of_candidates(
    candidates: Sequence[Candidate], dismissed: Iterator[tuple[str, str]]
) -> Iterator[bytes]:
    """Yield the lines that the process reads."""
    yield _line([list(pair) for pair in dismissed])
    for at in range(0, len(candidates), _LINE):
        page = candidates[at : at + _LINE]
        yield _line(
            [
                (one.id, one.names, one.addresses, one.kind.value, one.organization, one.phone, one.exchanged)
                for one in page
            ]
        )


def suggestions_from(line: bytes) -> list[Suggestion]:
    """Return the suggestions of a line that the process wrote."""
    return [Suggestion(*one) for one in json.loads(line)]


def _candidates_from(line: bytes) -> list[Candidate]:
    return [
        Candidate(contact_id, tuple(names), tuple(addresses), Kind(kind), organization, phone, exchanged)
        for contact_id, names, addresses, kind, organization, phone, exchanged in json.loads(line)
    ]


def _line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    # Nothing here is in a cycle, and the process ends soon: to look for cycles takes a third of the time.
    gc.disable()
    dismissed = {(first, second) for first, second in json.loads(sys.stdin.buffer.readline())}
    candidates = [one for line in sys.stdin.buffer for one in _candidates_from(line)]
    found = suggestions(candidates, dismissed=dismissed, share=at_once)
    for at in range(0, len(found), _LINE):
        page = found[at : at + _LINE]
        sys.stdout.buffer.write(_line([(one.first, one.second, one.score, one.why) for one in page]))


if __name__ == "__main__":
    main()
