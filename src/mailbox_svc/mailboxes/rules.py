"""The rules of Save: what a mailbox's fields may hold. Reports every wrong field at once."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailbox_svc.errors import FieldViolation, InvalidFields
from mailbox_svc.mailboxes.draft import Draft
from mailbox_svc.model.caller import MAX_USER_ID, is_user_id
from mailbox_svc.model.fields import checked_id, has_control, is_uuid, stored_id
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.providers import provider_of
from mailbox_svc.model.secret import Secret

MAX_MAILBOXES = 100
MAX_LABEL = 100
#: RFC 5321 §4.5.3.1: 64 octets of local part, "@", 255 of domain.
MAX_USER = 320
#: RFC 1035 §2.3.4, less the trailing dot.
MAX_HOST = 253
#: In UTF-8. Far above any real password, far below what a login line may carry.
MAX_PASSWORD_BYTES = 1024

# Letters of any script are let through: the resolver applies IDNA and has the last word.
_HOST_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A draft in which every field is well-formed and in its stored spelling."""

    id: str | None
    label: str
    destination: Destination
    password: Secret | None
    etag: str | None


def checked(draft: Draft, *, label_needed: bool = True) -> CheckedDraft:
    """Return the draft in its stored spelling. Raises InvalidFields naming every wrong field.

    `label_needed` is false for a draft that is only tested: people test before they name.
    """
    draft = replace(draft, label=draft.label.strip(), user=draft.user.strip())
    violations = [FieldViolation(name, text) for name, text in _violations(draft, label_needed=label_needed)]
    if violations:
        raise InvalidFields(*violations)
    host = _stored_host(draft.host)
    return CheckedDraft(
        id=None if draft.id is None else stored_id(draft.id),
        label=draft.label,
        destination=Destination(host=host, port=draft.port, tls=draft.tls, user=draft.user),
        password=_stored_password(draft.password, host),
        etag=draft.etag,
    )


def checked_mailbox_id(mailbox_id: str) -> str:
    """Return the id in its stored spelling. Raises InvalidFields when it is empty."""
    return checked_id(mailbox_id, missing="The id of the mailbox is missing.")


def checked_user_id(user_id: str) -> str:
    """Return the user id. Raises InvalidFields unless it is 1 to 255 printable characters."""
    if not is_user_id(user_id):
        raise InvalidFields(
            FieldViolation("user_id", f"The user id must be 1 to {MAX_USER_ID} printable characters.")
        )
    return user_id


def server_name(name: str) -> str | None:
    """Return a server's name, which somebody else gave, in its stored spelling; None if Save would refuse it.

    An address is no name, whatever a record may say.
    """
    return None if _host_violation(name) or _ip(name) is not None else _stored_host(name)


def _violations(draft: Draft, *, label_needed: bool) -> Iterator[tuple[str, str]]:
    if draft.id is not None and not is_uuid(draft.id):
        yield "id", "The id must be a UUID."
    yield from _label_violations(draft.label, needed=label_needed)
    if text := _host_violation(draft.host):
        yield "host", text
    if not 1 <= draft.port <= 65535:
        yield "port", "The port must be between 1 and 65535; IMAP servers use 993 or 143."
    yield from _user_violations(draft.user)
    if draft.password is not None:
        yield from _password_violations(draft.password.reveal())
    if draft.etag is not None and draft.id is None:
        yield "etag", "An etag needs the id of the mailbox it was read from."


def _label_violations(label: str, *, needed: bool) -> Iterator[tuple[str, str]]:
    if not label:
        if needed:
            yield "label", "Give the mailbox a name."
    elif len(label) > MAX_LABEL:
        yield "label", f"The name may have at most {MAX_LABEL} characters."
    elif has_control(label):
        yield "label", "The name must not contain control characters."


def _user_violations(user: str) -> Iterator[tuple[str, str]]:
    if not user:
        yield "user", "Enter the user name, most often the e-mail address."
    elif len(user) > MAX_USER:
        yield "user", f"The user name may have at most {MAX_USER} characters."
    elif has_control(user):
        yield "user", "The user name must not contain control characters."


def _password_violations(password: str) -> Iterator[tuple[str, str]]:
    if not password.strip():
        yield "password", "The password is empty; leave it out to keep the stored one."
    elif len(password.encode(errors="surrogatepass")) > MAX_PASSWORD_BYTES:
        yield "password", f"The password may have at most {MAX_PASSWORD_BYTES} bytes."
    elif has_control(password):
        yield "password", "The password must not contain control characters or line breaks."


def _host_violation(host: str) -> str | None:  # noqa: PLR0911  (one return per mistake people make)
    if not host:
        return "Enter the IMAP server, such as imap.example.org."
    if "://" in host or "/" in host:
        return "Enter the host name only, such as imap.example.org, not a web address."
    if "@" in host:
        return "Enter the host name of the server, not an e-mail address."
    if any(c.isspace() for c in host) or has_control(host):
        return "The host must not contain spaces or control characters."
    if _ip(host) is not None:
        return None
    if ":" in host:
        return "Enter the host without the port; the port has its own field."
    name = host.removesuffix(".")
    if len(name) > MAX_HOST or not all(_HOST_LABEL.fullmatch(part) for part in name.split(".")):
        return "This is not a valid host name; it should look like imap.example.org."
    return None


def _stored_host(host: str) -> str:
    """One spelling per server, so that typing it otherwise is no change of destination."""
    ip = _ip(host)
    return str(ip) if ip is not None else unicodedata.normalize("NFC", host.removesuffix(".").lower())


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    # A scope id names an interface of this machine; no user's server has one.
    return None if "%" in bare else address


def _stored_password(password: Secret | None, host: str) -> Secret | None:
    """Google shows app passwords as "abcd efgh ijkl mnop"; its servers want them without the spaces."""
    if password is None:
        return None
    provider = provider_of(host)
    if provider is not None and provider.strips_password_spaces:
        return Secret("".join(password.reveal().split()))
    return password
