"""aioimaplib as it comes: 50 messages a command, for its work grows with the square of an answer's lines."""

from __future__ import annotations

import asyncio

from aioimaplib import aioimaplib

from harvest.measured import Pairs, Question, serve
from harvest.read_imaplib import ITEMS, count

_CHUNK = 50


async def _read(question: Question, pairs: Pairs) -> int:
    context = question.tls()
    if context is not None:
        client = aioimaplib.IMAP4_SSL(question.host, question.port, ssl_context=context)
    else:
        client = aioimaplib.IMAP4(question.host, question.port)
    await client.wait_hello_from_server()
    await client.login(question.user, question.password)
    messages = 0
    for folder in question.folders:
        answer = await client.select(folder)  # after EXAMINE it thinks that no folder is open
        exists = next(line for line in answer.lines if line.endswith(b" EXISTS"))
        last = int(exists.split()[0])
        for first in range(1, last + 1, _CHUNK):
            answer = await client.fetch(f"{first}:{min(first + _CHUNK - 1, last)}", ITEMS)
            for line in answer.lines:
                if isinstance(line, bytearray):  # a literal
                    count(bytes(line), pairs)
                    messages += 1
    await client.logout()
    return messages


if __name__ == "__main__":
    serve(lambda question, pairs: asyncio.run(_read(question, pairs)))
