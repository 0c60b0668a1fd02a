"""Mailboxes and their tests. The names of `Mailbox`, with its `has_password`, are what pages rely on."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from mailbox_svc.rest.models.base import Answer, Body, Id, Seconds, Time
from mailbox_svc.rest.models.given import GivenId, line
from mailbox_svc.rest.models.values import Words, seconds, seconds_of, time, time_of
from mailboxes import (
    Auth,
    MailboxStatus,
    SettingsSource,
    SuggestSettingsResponse,
    TestCode,
    TestResponse,
    TestStage,
)
from mailboxes import Mailbox as MailboxMessage
from mailboxes.v1 import connection_test_pb2

_AUTH: Final = Words(Auth, "AUTH_")
_CODE: Final = Words(TestCode, "TEST_CODE_")
_STAGE: Final = Words(TestStage, "TEST_STAGE_")
_SOURCE: Final = Words(SettingsSource, "SETTINGS_SOURCE_")

TestCodeWord = Annotated[str, _CODE.schema]
StageWord = Annotated[str, _STAGE.schema]

Status = Literal["ok", "error", "pending"]
_STATUS: Final[dict[int, Status]] = {
    MailboxStatus.MAILBOX_STATUS_OK: "ok",
    MailboxStatus.MAILBOX_STATUS_ERROR: "error",
    MailboxStatus.MAILBOX_STATUS_NEEDS_REAUTH: "error",  # and `needsReauth` says what to do
    MailboxStatus.MAILBOX_STATUS_PENDING: "pending",
}


def _never_null(schema: dict[str, Any]) -> None:
    """Say of a field that is left out where there is nothing that it is never null."""
    [kind] = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
    schema.update(kind)
    schema.pop("default")


class Remedy(Answer):
    """How to mend it."""

    text: str
    url: str | None = Field(description="The provider's own page for it.")

    @classmethod
    def of(cls, message: connection_test_pb2.Remedy) -> Remedy:
        return cls(text=message.text, url=message.url or None)


class Mailbox(Answer):
    """One IMAP account of the user, without its password."""

    model_config = ConfigDict(
        alias_generator=lambda name: name if name == "has_password" else to_camel(name),
        populate_by_name=True,
        frozen=True,
    )

    id: Id
    label: str = Field(description="The name the user gave it.")
    host: str
    port: int
    tls: bool = Field(description="True is implicit TLS; false means STARTTLS, which is then required.")
    user: str = Field(description="The login name, most often the e-mail address.")
    has_password: bool
    status: Status = Field(description="The outcome of the latest test or sync.")
    last_tested_at: Time | None = Field(description="Null before the first test.")
    last_error: str | None = Field(
        default=None,
        exclude_if=lambda text: text is None,
        json_schema_extra=_never_null,
        description="Present only when there is one.",
    )
    auth: Annotated[str, _AUTH.schema] = Field(description="How the service logs in.")
    provider: str | None = Field(description='The mail provider recognised from the host, such as "gmail".')
    oauth_provider: str | None = Field(
        description="Where the account was connected, when it has no password."
    )
    needs_reauth: bool = Field(description="The user must connect the account again.")
    etag: str = Field(
        description="Changes with every save that changes something; a test does not change it."
    )
    created_at: Time
    updated_at: Time
    # Last and left out where there is none: pages compare what was there before it.
    last_remedy: Remedy | None = Field(
        default=None,
        exclude_if=lambda remedy: remedy is None,
        json_schema_extra=_never_null,
        description="How to mend `lastError`; present only when there is something to do.",
    )

    @classmethod
    def of(cls, message: MailboxMessage) -> Mailbox:
        return cls(
            id=message.id,
            label=message.label,
            host=message.host,
            port=message.port,
            tls=message.tls,
            user=message.user,
            has_password=message.has_password,
            status=_STATUS.get(message.status, "pending"),
            last_tested_at=time_of(message, "last_tested_at"),
            last_error=message.last_error or None,
            auth=_AUTH.of(message.auth),
            provider=message.provider or None,
            oauth_provider=message.oauth_provider or None,
            needs_reauth=message.status == MailboxStatus.MAILBOX_STATUS_NEEDS_REAUTH,
            etag=message.etag,
            created_at=time(message.created_at),
            updated_at=time(message.updated_at),
            last_remedy=Remedy.of(message.last_remedy) if message.HasField("last_remedy") else None,
        )


Password = Annotated[
    str,
    line(1024),
    Field(description="Stored encrypted and never returned."),
]


class Connection(Body):
    """Where and as whom to log in."""

    host: Annotated[str, line(260)]
    port: int = Field(ge=1, le=65535)
    tls: bool = Field(description="True is implicit TLS; false means STARTTLS, which is then required.")
    user: Annotated[str, line(320)]


class MailboxBody(Connection):
    """A mailbox to save."""

    id: GivenId | None = Field(
        default=None,
        description="Updates this mailbox. A UUID not yet in use creates a mailbox with it, so that the call"
        " may be repeated safely; without one, the service makes it.",
    )
    label: Annotated[str, line(100)]
    password: Password | None = Field(
        default=None,
        description="Without it the stored one is kept, which is refused (PASSWORD_REQUIRED) when host, port,"
        " tls or user change.",
    )
    etag: str | None = Field(
        default=None, description="Of the mailbox that was read; if it was changed since: 412."
    )


class DraftBody(Connection):
    """A connection to test before it is saved; with `id`, the changes of a saved one."""

    id: GivenId | None = Field(
        default=None,
        description="A saved mailbox whose stored password is used, if nothing else changes.",
    )
    password: Password | None = None


class Check(Answer):
    """One stage of the connection."""

    stage: StageWord
    ok: bool
    took: Seconds = Field(description="Seconds.")


class TestPassed(Answer):
    """It works: logged in, and the folders could be listed."""

    ok: Literal[True]


class TestFailed(Answer):
    """It does not work. That is an answer, and no error of the call."""

    ok: Literal[False]
    error: str = Field(description="One sentence for a person.")
    code: TestCodeWord = Field(description="Stable, for programs.")
    stage: StageWord = Field(description="Where it ended.")
    remedy: Remedy | None
    wrong_fields: list[str] = Field(description="The fields a form should mark, most likely first.")
    retryable: bool = Field(description="The same test may succeed later without a change.")
    retry_after: Seconds | None = Field(description="Seconds to wait first; null when that is unknown.")
    checks: list[Check] = Field(description="The stages that were reached, in order.")


TestResult = TestPassed | TestFailed


def result_of(message: TestResponse) -> TestResult:
    """Return what a test has shown."""
    if message.ok:
        return TestPassed(ok=True)
    return TestFailed(
        ok=False,
        error=message.error,
        code=_CODE.of(message.code),
        stage=_STAGE.of(message.stage),
        remedy=Remedy.of(message.remedy) if message.HasField("remedy") else None,
        wrong_fields=list(message.wrong_fields),
        retryable=message.retryable,
        retry_after=seconds_of(message, "retry_after"),
        checks=[
            Check(stage=_STAGE.of(check.stage), ok=check.ok, took=seconds(check.took))
            for check in message.checks
        ],
    )


class Suggestion(Answer):
    """How a mailbox of an address is most likely reached; for the user to judge. Nothing was connected to."""

    source: Annotated[str, _SOURCE.schema] = Field(
        description="Where it is from; `none` without a suggestion."
    )
    host: str | None
    port: int | None
    tls: bool
    user: str | None = Field(description="The login name; most often the address.")
    provider_name: str | None = Field(description="For people.")
    password_hint: Remedy | None = Field(
        description="Where this provider's app passwords are made, where it takes no other."
    )
    oauth_provider: str | None = Field(
        description="A configured provider that this account can be connected with, instead of a password."
    )

    @classmethod
    def of(cls, message: SuggestSettingsResponse) -> Suggestion:
        hint = message.password_hint
        return cls(
            source=_SOURCE.of(message.source),
            host=message.host or None,
            port=message.port or None,
            tls=message.tls,
            user=message.user or None,
            provider_name=message.provider_name or None,
            password_hint=Remedy.of(hint) if message.HasField("password_hint") else None,
            oauth_provider=message.oauth_provider or None,
        )


class Ok(Answer):
    """It is done."""

    ok: Literal[True] = True
