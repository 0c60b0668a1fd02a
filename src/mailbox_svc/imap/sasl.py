"""The SASL mechanisms we log in with: their messages, before base64. Never logs, never prints."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from mailbox_svc.model.check import AccessToken, Password

#: RFC 6750 §2.1 `b64token` and more: whatever is printable cannot break out of a SASL message.
_TOKEN = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism with its messages filled in."""

    name: str
    initial: bytes = field(repr=False)
    #: What ends the exchange after the server has sent an error; None: this mechanism has no such step.
    error_answer: bytes | None = None


def plain(user: str, password: Password) -> Mechanism:
    """RFC 4616. Raises ValueError for NUL, which separates the fields."""
    # RFC 4616 §2 wants SASLprep; NFC is the part of it that matters between keyboards and servers.
    fields = [unicodedata.normalize("NFC", text) for text in (user, password.secret.reveal())]
    if any("\0" in text for text in fields):
        raise ValueError("NUL cannot stand in a user name or password")
    return Mechanism("PLAIN", b"\0".join([b"", *(text.encode() for text in fields)]))


def oauthbearer(user: str, token: AccessToken, *, host: str, port: int) -> Mechanism:
    """RFC 7628; `host` and `port` are the server's (§3.1). The error answer is a lone 0x01 (§3.2.3)."""
    # RFC 5801 §4 `saslname`
    name = _printable(user).replace("=", "=3D").replace(",", "=2C")
    message = f"n,a={name},\1host={host}\1port={port}\1auth=Bearer {_bearer(token)}\1\1"
    return Mechanism("OAUTHBEARER", message.encode(), error_answer=b"\1")


def xoauth2(user: str, token: AccessToken) -> Mechanism:
    """Google's and Microsoft's forerunner of OAUTHBEARER. The error answer is empty.

    https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
    """
    message = f"user={_printable(user)}\1auth=Bearer {_bearer(token)}\1\1"
    return Mechanism("XOAUTH2", message.encode(), error_answer=b"")


def _bearer(token: AccessToken) -> str:
    value = token.secret.reveal()
    if not _TOKEN.match(value):
        raise ValueError("an access token is made of printable ASCII characters")
    return value


def _printable(user: str) -> str:
    if not user.isprintable():
        raise ValueError("control characters cannot stand in a user name")
    return user
