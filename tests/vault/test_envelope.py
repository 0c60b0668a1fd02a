"""Sealing and opening: what fits opens, and nothing else does."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbox_svc.errors import ConfigError, SecretUnreadable
from mailbox_svc.model.mailbox import Destination
from mailbox_svc.model.secret import SealedSecret, Secret, SecretContext, SecretField
from mailbox_svc.vault import Keyring, Vault, add_key, change_keyring, key_id_of

PASSWORD = "CANARY-pässwörd 数"
CONTEXT = SecretContext(
    field=SecretField.MAILBOX_PASSWORD,
    user_id="anna",
    mailbox_id="5c1f6f0e-0000-4000-8000-000000000001",
    destination=Destination(host="imap.example.org", port=993, tls=True, user="anna@example.org"),
    version=1,
)


def moved(**changes: object) -> SecretContext:
    return replace(CONTEXT, destination=replace(CONTEXT.destination, **changes))  # type: ignore[arg-type]


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.generate())


def test_a_secret_opens_as_it_was_sealed(vault: Vault) -> None:
    for clear in (PASSWORD, "", "\x00", "x" * 10_000):
        assert vault.open(vault.seal(Secret(clear), CONTEXT), CONTEXT).reveal() == clear


def test_nothing_of_a_secret_shows_in_its_record(vault: Vault) -> None:
    sealed = vault.seal(Secret(PASSWORD), CONTEXT)
    assert b"CANARY" not in sealed.blob
    assert "CANARY" not in repr(sealed)
    assert sealed.key_id == vault.active_key_id


def test_sealing_twice_gives_two_records(vault: Vault) -> None:
    first, second = (vault.seal(Secret(PASSWORD), CONTEXT).blob for _ in range(2))
    assert all(first[at : at + 12] != second[at : at + 12] for at in (1, 13, 61))


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTEXT, user_id="bob"),
        replace(CONTEXT, mailbox_id="5c1f6f0e-0000-4000-8000-000000000002"),
        replace(CONTEXT, version=2),
        moved(host="evil.example"),
        moved(port=143),
        moved(tls=False),
        moved(user="bob@example.org"),
    ],
    ids=["user", "mailbox", "version", "host", "port", "tls", "login"],
)
def test_a_record_moved_elsewhere_neither_opens_nor_rewraps(vault: Vault, other: SecretContext) -> None:
    sealed = vault.seal(Secret(PASSWORD), CONTEXT)
    with pytest.raises(SecretUnreadable):
        vault.open(sealed, other)
    with pytest.raises(SecretUnreadable):
        vault.rewrap(sealed, other)


def test_parts_of_the_context_cannot_be_shifted_into_each_other(vault: Vault) -> None:
    sealed = vault.seal(Secret(PASSWORD), replace(CONTEXT, user_id="ab", mailbox_id="c"))
    with pytest.raises(SecretUnreadable):
        vault.open(sealed, replace(CONTEXT, user_id="a", mailbox_id="bc"))


def test_every_flipped_bit_is_noticed(vault: Vault) -> None:
    sealed = vault.seal(Secret("CANARY"), CONTEXT)
    for position in range(len(sealed.blob) * 8):
        blob = bytearray(sealed.blob)
        blob[position // 8] ^= 1 << position % 8
        with pytest.raises(SecretUnreadable):
            vault.open(replace(sealed, blob=bytes(blob)), CONTEXT)


def test_every_truncation_is_noticed(vault: Vault) -> None:
    sealed = vault.seal(Secret("CANARY"), CONTEXT)
    for length in range(len(sealed.blob)):
        with pytest.raises(SecretUnreadable):
            vault.open(replace(sealed, blob=sealed.blob[:length]), CONTEXT)


@given(st.binary(max_size=200))
def test_what_was_never_sealed_does_not_open(blob: bytes) -> None:
    vault = Vault(Keyring.generate())
    with pytest.raises(SecretUnreadable):
        vault.open(SealedSecret(vault.active_key_id, blob), CONTEXT)


def test_clear_text_in_the_place_of_a_record_is_refused(vault: Vault) -> None:
    with pytest.raises(SecretUnreadable):
        vault.open(SealedSecret(vault.active_key_id, PASSWORD.encode() * 20), CONTEXT)


def test_a_record_under_an_unknown_or_another_key_is_refused(vault: Vault) -> None:
    both = Vault(Keyring.generate().add())
    sealed = both.seal(Secret(PASSWORD), CONTEXT)
    with pytest.raises(SecretUnreadable):
        vault.open(sealed, CONTEXT)
    (other,) = set(both.key_ids) - {sealed.key_id}
    with pytest.raises(SecretUnreadable):
        both.open(replace(sealed, key_id=other), CONTEXT)


def test_rewrapping_changes_the_wrapping_and_leaves_the_secret_sealed() -> None:
    old = Keyring.generate()
    before = Vault(old).seal(Secret(PASSWORD), CONTEXT)
    new = old.add()
    after = Vault(new).rewrap(before, CONTEXT)
    assert after.key_id == new.active != before.key_id
    assert after.blob[61:] == before.blob[61:]
    only_new = Vault(new.retire(old.active))
    assert only_new.open(after, CONTEXT).reveal() == PASSWORD
    with pytest.raises(SecretUnreadable):
        only_new.open(before, CONTEXT)


def test_a_vault_follows_its_file_without_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    first = add_key(path)
    serving = Vault.from_file(path)
    old = serving.seal(Secret(PASSWORD), CONTEXT)
    second = add_key(path)
    assert serving.seal(Secret(PASSWORD), CONTEXT).key_id == second
    assert serving.open(old, CONTEXT).reveal() == PASSWORD
    assert set(serving.key_ids) == {first, second}


def test_a_record_of_a_key_that_came_later_opens(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    add_key(path)
    serving = Vault.from_file(path)
    add_key(path)
    sealed = Vault.from_file(path).seal(Secret(PASSWORD), CONTEXT)
    assert serving.open(sealed, CONTEXT).reveal() == PASSWORD


@pytest.mark.parametrize("content", [None, "", "{}", "CANARY-not-json"])
def test_a_file_that_went_bad_leaves_the_vault_its_keys(
    tmp_path: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keyring.json"
    key_id = add_key(path)
    serving = Vault.from_file(path)
    sealed = serving.seal(Secret(PASSWORD), CONTEXT)
    path.unlink()
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    assert serving.active_key_id == key_id
    assert serving.open(sealed, CONTEXT).reveal() == PASSWORD
    assert serving.open(serving.seal(Secret(PASSWORD), CONTEXT), CONTEXT).reveal() == PASSWORD
    assert len(caplog.records) == 1
    assert "CANARY" not in caplog.text
    with pytest.raises(ConfigError):
        serving.reload()


def test_a_reloaded_vault_forgets_a_retired_key(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    first = add_key(path)
    serving = Vault.from_file(path)
    sealed = serving.seal(Secret(PASSWORD), CONTEXT)
    add_key(path)
    change_keyring(path, lambda keyring: keyring.retire(first))
    serving.reload()
    with pytest.raises(SecretUnreadable):
        serving.open(sealed, CONTEXT)


def test_a_record_of_the_first_release_still_opens() -> None:
    """Frozen: a change of format or binding that breaks this breaks every stored password."""
    key = bytes(range(32))
    path_free = Vault(Keyring(key_id_of(key), {key_id_of(key): key}))
    record = json.loads(Path(__file__).with_name("record_v1.json").read_text())
    sealed = SealedSecret(record["key_id"], base64.b64decode(record["blob"]))
    assert path_free.open(sealed, CONTEXT).reveal() == "CANARY-first-release"
