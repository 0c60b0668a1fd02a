"""IMAPClient as its users read addresses: by ENVELOPE, in which the server has parsed them."""

from __future__ import annotations

from typing import Any

import imapclient

from harvest.measured import Pairs, Question, decoded, serve

_CHUNK = 1000


def _read(question: Question, pairs: Pairs) -> int:
    context = question.tls()
    client = imapclient.IMAPClient(question.host, question.port, ssl=context is not None, ssl_context=context)
    client.login(question.user, question.password)
    messages = 0
    for folder in question.folders:
        client.select_folder(folder, readonly=True)
        uids = client.search()
        for at in range(0, len(uids), _CHUNK):
            for parts in client.fetch(uids[at : at + _CHUNK], ["ENVELOPE"]).values():
                _count(parts[b"ENVELOPE"], pairs)
                messages += 1
    client.logout()
    return messages


def _count(envelope: Any, pairs: Pairs) -> None:
    for addresses in (envelope.from_, envelope.to, envelope.cc, envelope.bcc):
        _add(addresses, pairs)
    # RFC 9051 §7.5.2: where a message has no Sender or Reply-To, the server says From instead.
    for addresses in (envelope.sender, envelope.reply_to):
        if addresses != envelope.from_:
            _add(addresses, pairs)


def _add(addresses: Any, pairs: Pairs) -> None:
    for one in addresses or ():
        name = decoded((one.name or b"").decode("latin-1"))
        pairs[name, f"{one.mailbox.decode()}@{one.host.decode()}"] += 1


if __name__ == "__main__":
    serve(_read)
