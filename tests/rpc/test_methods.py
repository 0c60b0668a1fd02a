"""Every method of the contract is of a kind, and those that change nothing are known."""

from __future__ import annotations

from mailbox_svc.rpc.methods import SERVICES, Kind, is_read, kind_of
from mailboxes.v1 import contact_service_pb2, harvest_service_pb2, mailbox_service_pb2, oauth_service_pb2

METHODS = [
    f"/{service.full_name}/{method.name}"
    for file in (mailbox_service_pb2, harvest_service_pb2, contact_service_pb2, oauth_service_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
]


def named(methods: list[str]) -> list[str]:
    return [method.removeprefix("/mailboxes.v1.") for method in methods]


def test_what_changes_nothing() -> None:
    assert named([method for method in METHODS if is_read(method)]) == [
        "MailboxService/List",
        "MailboxService/SuggestSettings",
        "HarvestService/GetHarvest",
        "HarvestService/ListSchedules",
        "HarvestService/ListSyncRuns",
        "ContactService/ListContacts",
        "ContactService/GetContact",
        "ContactService/ListSkipped",
        "ContactService/ListGroups",
        "ContactService/ListDuplicates",
        "OAuthService/ListProviders",
    ]


def test_what_is_no_ordinary_call() -> None:
    of_kind = {kind: named([method for method in METHODS if kind_of(method) is kind]) for kind in Kind}
    assert len(of_kind.pop(Kind.USER)) == len(METHODS) - 7
    assert {kind: methods for kind, methods in of_kind.items() if methods} == {
        Kind.TEST: ["MailboxService/Test"],
        Kind.OAUTH: ["OAuthService/CompleteAuthorization", "OAuthService/Revoke"],
        Kind.IMPORT: ["ContactService/ImportContacts"],
        Kind.EXPORT: ["ContactService/ExportContacts"],
        Kind.COMPARE: ["ContactService/ListDuplicates"],
        Kind.WATCH: ["HarvestService/WatchHarvest"],
    }


def test_a_method_that_nobody_knows_needs_a_token() -> None:
    assert kind_of("/mailboxes.v1.HarvestService/Check") is Kind.USER
    assert kind_of("/grpc.health.v1.Health/Nonsense") is Kind.USER
    assert not is_read("/mailboxes.v1.HarvestService/List")


def test_the_services_are_those_of_the_contract() -> None:
    assert {method.split("/")[1] for method in METHODS} == set(SERVICES)
