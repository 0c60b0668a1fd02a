"""Files of pages: read once, compressed once, kept in memory. They are few, and change with a release."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import Final

from fastapi import Request, Response

#: Those that become much smaller; images are compressed already.
_TEXTS: Final = frozenset({".js", ".css", ".svg"})


async def file_response(request: Request, file: Path, cache_control: str) -> Response:
    """Return the file, compressed where the client takes that. Raises FileNotFoundError."""
    headers = {"cache-control": cache_control}
    packed = file.suffix in _TEXTS and _takes_gzip(request)
    if packed:
        headers["content-encoding"] = "gzip"
    if file.suffix in _TEXTS:
        headers["vary"] = "Accept-Encoding"
    content = await asyncio.to_thread(_content, file, packed=packed)
    return Response(content, headers=headers, media_type=mimetypes.guess_type(file.name)[0])


def _takes_gzip(request: Request) -> bool:
    """Read Accept-Encoding (RFC 9110 §12.5.3); what does not name gzip does not want it."""
    for wish in request.headers.get("accept-encoding", "").split(","):
        coding, _, quality = wish.replace(" ", "").partition(";q=")
        if coding == "gzip":
            return not quality or quality.strip("0.") != ""
    return False


def _content(file: Path, *, packed: bool) -> bytes:
    return _read(file, file.stat().st_mtime_ns, packed=packed)


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int, *, packed: bool) -> bytes:
    content = file.read_bytes()
    return gzip.compress(content, mtime=0) if packed else content
