"""A session with an IMAP server, from a connected socket to the folder list.

Never sends a credential before the server's certificate is verified, nor over anything but TLS.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import socket
import ssl
from contextlib import suppress
from typing import Self

from mailbox_svc import __version__
from mailbox_svc.imap import grammar, sasl
from mailbox_svc.imap.command import Command, Reply, Sink
from mailbox_svc.imap.failure import ConnectionFailed, Stages
from mailbox_svc.imap.folders import Folder, is_list, parse_list
from mailbox_svc.imap.framing import Limits, Response
from mailbox_svc.imap.tls import handshake_failures
from mailbox_svc.imap.wire import Wire
from mailbox_svc.model.check import AccessToken, Code, Credential, Password, Stage, TokenMechanism

#: Seconds for a polite goodbye.
_LOGOUT_PATIENCE = 1.0


class Session:
    """One connection, one command at a time.

    Everything raises ConnectionFailed, or the caller's own timeout or cancellation; the connection is
    closed then, and nothing of it is left behind.
    """

    def __init__(self, wire: Wire, host: str) -> None:
        self.wire = wire
        self._host = host
        #: What the server can do, in upper case.
        self.capabilities: frozenset[str] = frozenset()

    @classmethod
    async def open(
        cls, sock: socket.socket, host: str, *, tls: bool, ssl_context: ssl.SSLContext, stages: Stages
    ) -> Self:
        """Talk to the server up to the point where it may be given a credential.

        `host` is the name, or address, that the certificate must carry. Without `tls` it is STARTTLS, and
        required. The socket is connected and non-blocking, and from here on the session's own.
        """
        if not host:  # which asyncio would take for a wish not to verify the name
            sock.close()
            raise ValueError("a server cannot be verified without its name")
        wire = Wire()
        session = cls(wire, host)
        try:
            if tls:
                await session._open_tls(sock, host, ssl_context, stages)
            else:
                await session._open_starttls(sock, host, ssl_context, stages)
        except BaseException:
            wire.abort()
            sock.close()
            raise
        return session

    async def login(self, user: str, credential: Credential) -> None:
        """Authenticate, then introduce ourselves where the server knows ID.

        A refusal is AUTH_UNKNOWN with all that the server said, for `classify` to tell apart; a token
        refused by SASL is AUTH_TOKEN_REJECTED.
        """
        if not self.wire.encrypted:
            raise ConnectionFailed(Code.TLS_REQUIRED)
        try:
            reply = await self._authenticate(user, credential)
        except ValueError:
            is_token = isinstance(credential, AccessToken)
            code = Code.AUTH_TOKEN_REJECTED if is_token else Code.AUTH_PASSWORD_CHARSET
            raise ConnectionFailed(code) from None
        if not reply.ok:
            raise ConnectionFailed(Code.AUTH_UNKNOWN, server_text=reply.server_text)
        self.wire.logged_in()
        self.capabilities = _capabilities(reply) or await self._ask_capabilities()
        if "ID" in self.capabilities:
            # RFC 2971. NetEase (163.com) refuses every folder to clients that do not tell; no one else cares.
            await self.wire.execute(f'ID ("name" "mailbox-svc" "version" "{__version__}")'.encode())

    async def list_folders(
        self, *, option: bytes = b"", others: Sink | None = None, limits: Limits | None = None
    ) -> list[Folder]:
        """Return all folders. Raises ConnectionFailed(LIST_FAILED) when the server refuses.

        `option` is a return option (RFC 5258) to ask for besides; `others` takes the responses that are no
        folders.
        """
        folders: list[Folder] = []

        def collect(response: Response) -> None:
            if is_list(response):
                folders.append(parse_list(response))
            elif others is not None:
                others(response)

        # RFC 6154 §2: a server need not show special-use attributes unless asked.
        can_ask = self.capabilities >= {"LIST-EXTENDED", "SPECIAL-USE"}
        options = b" ".join(filter(None, [b"SPECIAL-USE" if can_ask else b"", option]))
        line = b'LIST "" "*"' + (b" RETURN (%b)" % options if options else b"")
        command = Command(line, sink=collect, limits=limits)
        self.wire.begin(command)
        reply = await self.wire.finish(command)
        if not reply.ok:
            raise ConnectionFailed(Code.LIST_FAILED, server_text=reply.server_text)
        return folders

    async def close(self) -> None:
        """Log out, within a second, and close. Never raises, save the caller's own cancellation."""
        try:
            with suppress(ConnectionFailed, TimeoutError):
                async with asyncio.timeout(_LOGOUT_PATIENCE):
                    await self.wire.execute(b"LOGOUT")
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.wire.abort()

    # Opening.

    async def _open_tls(
        self, sock: socket.socket, host: str, context: ssl.SSLContext, stages: Stages
    ) -> None:
        with stages.enter(Stage.TLS), handshake_failures():
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: self.wire, sock=sock, ssl=context, server_hostname=host)
        with stages.enter(Stage.GREETING):
            greeting = await self.wire.greeting()
        with stages.enter(Stage.CAPABILITY):
            self.capabilities = (
                _usable(grammar.parse_capability_code(greeting)) or await self._ask_capabilities()
            )

    async def _open_starttls(
        self, sock: socket.socket, host: str, context: ssl.SSLContext, stages: Stages
    ) -> None:
        with stages.enter(Stage.GREETING):
            await asyncio.get_running_loop().create_connection(lambda: self.wire, sock=sock)
            await self.wire.greeting()
        with stages.enter(Stage.CAPABILITY):
            if "STARTTLS" not in await self._ask_capabilities():
                raise ConnectionFailed(Code.TLS_REQUIRED)
            reply = await self.wire.execute(b"STARTTLS", seals=True)
            if not reply.ok:
                raise ConnectionFailed(Code.TLS_REQUIRED, server_text=reply.server_text)
        with stages.enter(Stage.TLS), handshake_failures():
            await self.wire.start_tls(context, host)
        with stages.enter(Stage.CAPABILITY):
            # RFC 9051 §6.2.1: what was said in the clear may have been said by anyone.
            self.capabilities = await self._ask_capabilities()

    async def _ask_capabilities(self) -> frozenset[str]:
        reply = await self.wire.execute(b"CAPABILITY")
        capabilities = _capabilities(reply) if reply.ok else None
        if capabilities is None:
            raise ConnectionFailed(Code.NOT_IMAP, server_text=reply.server_text)
        return capabilities

    # Authentication.

    async def _authenticate(self, user: str, credential: Credential) -> Reply:
        match credential:
            case Password():
                return await self._login_by_password(user, credential)
            case AccessToken():
                return await self._login_by_token(user, credential)

    async def _login_by_password(self, user: str, password: Password) -> Reply:
        text = password.secret.reveal()
        disabled = "LOGINDISABLED" in self.capabilities
        # LOGIN first: iCloud, for one, refuses PLAIN where LOGIN works.
        if not disabled and user.isascii() and text.isascii():
            return await self.wire.execute(b" ".join([b"LOGIN", grammar.quoted(user), grammar.quoted(text)]))
        if "AUTH=PLAIN" in self.capabilities:
            return await self._sasl(sasl.plain(user, password))
        if disabled or text.isascii():
            raise ConnectionFailed(Code.AUTH_UNSUPPORTED)
        raise ConnectionFailed(Code.AUTH_PASSWORD_CHARSET)

    async def _login_by_token(self, user: str, token: AccessToken) -> Reply:
        # The standard comes first, unless the provider is known to want the other.
        for mechanism in (token.mechanism, TokenMechanism.OAUTHBEARER, TokenMechanism.XOAUTH2):
            if mechanism and f"AUTH={mechanism}" in self.capabilities:
                return await self._sasl(self._with_token(mechanism, user, token))
        raise ConnectionFailed(Code.AUTH_UNSUPPORTED)

    def _with_token(self, mechanism: TokenMechanism, user: str, token: AccessToken) -> sasl.Mechanism:
        match mechanism:
            case TokenMechanism.OAUTHBEARER:
                return sasl.oauthbearer(user, token, host=self._host, port=self._port)
            case TokenMechanism.XOAUTH2:
                return sasl.xoauth2(user, token)

    @property
    def _port(self) -> int:
        assert self.wire.transport is not None  # noqa: S101  it is while the connection is encrypted
        port: int = self.wire.transport.get_extra_info("peername")[1]
        return port

    async def _sasl(self, mechanism: sasl.Mechanism) -> Reply:
        """Run AUTHENTICATE (RFC 9051 §6.2.2)."""
        command = f"AUTHENTICATE {mechanism.name}".encode()
        answers = [mechanism.initial]
        if "SASL-IR" in self.capabilities:  # RFC 4959
            command += b" " + base64.b64encode(answers.pop())
        errors: list[bytes] = []

        def answer(challenge: bytes) -> bytes | None:
            if answers:
                return base64.b64encode(answers.pop())
            if mechanism.error_answer is None or errors:
                return None
            errors.append(challenge)
            return base64.b64encode(mechanism.error_answer)

        reply = await self.wire.execute(command, answer=answer)
        if errors and not reply.ok:
            text = b"\n".join([_decoded(errors[0]), reply.server_text])
            raise ConnectionFailed(Code.AUTH_TOKEN_REJECTED, server_text=text)
        return reply


def _capabilities(reply: Reply) -> frozenset[str] | None:
    """Return what a reply says of capabilities, be it in an untagged response or in its code."""
    said = [grammar.parse_capabilities(response[0]) for response in reply.untagged]
    said.append(grammar.parse_capability_code(reply.text))
    return next((usable for names in said if (usable := _usable(names))), None)


def _usable(capabilities: frozenset[str] | None) -> frozenset[str] | None:
    """Return the capabilities if they are those of an IMAP server we understand, else None."""
    if capabilities is None or capabilities.isdisjoint({"IMAP4REV1", "IMAP4REV2"}):
        return None
    return capabilities


def _decoded(challenge: bytes) -> bytes:
    try:
        return base64.b64decode(challenge, validate=True)
    except binascii.Error:
        return challenge
