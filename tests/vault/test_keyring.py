"""The keyring file: what is accepted, what is written, and that no key shows."""

import base64
import json
import stat
import threading
from pathlib import Path

import pytest

from mailbox_svc.errors import ConfigError
from mailbox_svc.vault import Keyring, add_key, change_keyring, key_id_of

KEY = b"CANARY-key-of-exactly-32-bytes!!"


def document(active: str, keys: dict[str, bytes]) -> str:
    return json.dumps({"active": active, "keys": {k: base64.b64encode(v).decode() for k, v in keys.items()}})


def written(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def test_a_saved_keyring_loads_as_it_was(tmp_path: Path) -> None:
    keyring = Keyring.generate().add().add(activate=False)
    keyring.save(tmp_path / "keyring.json")
    assert Keyring.load(tmp_path / "keyring.json") == keyring
    assert len(keyring.key_ids) == 3


def test_the_file_is_for_its_owner_alone_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    add_key(path)
    add_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_others_can_read_is_loaded_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keyring.json"
    add_key(path)
    Keyring.load(path)
    assert caplog.text == ""
    path.chmod(0o644)
    Keyring.load(path)
    assert "chmod 600" in caplog.text


def test_a_key_is_named_by_the_start_of_its_sha256() -> None:
    assert key_id_of(bytes(32)) == "66687aad"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"active": "x"}',
        '{"active": "x", "keys": []}',
        '{"active": "x", "keys": {"x": 3}}',
        '{"active": "x", "keys": {"x": "CANARY not base64"}}',
        document("other", {key_id_of(KEY): KEY}),
        document("0" * 8, {"0" * 8: KEY}),
        document(key_id_of(KEY[:-1]), {key_id_of(KEY[:-1]): KEY[:-1]}),
        document(key_id_of(KEY + b"x"), {key_id_of(KEY + b"x"): KEY + b"x"}),
        document("", {}),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_without_its_content(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "keyring.json", text)
    with pytest.raises(ConfigError) as refused:
        Keyring.load(path)
    message = str(refused.value)
    assert "CANARY" not in message
    assert base64.b64encode(KEY).decode()[:12] not in message
    assert "\n" not in message


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.json cannot be read: no such file"):
        Keyring.load(tmp_path / "absent.json")


def test_no_key_shows_in_a_repr() -> None:
    keyring = Keyring(key_id_of(KEY), {key_id_of(KEY): KEY})
    assert "CANARY" not in repr(keyring)
    assert repr(KEY)[2:-1] not in repr(keyring)


def test_the_active_key_is_not_retired() -> None:
    keyring = Keyring.generate()
    with pytest.raises(ConfigError, match="active"):
        keyring.retire(keyring.active)
    with pytest.raises(ConfigError, match="no key"):
        keyring.retire("00000000")
    assert keyring.add().retire(keyring.active).key_ids != keyring.key_ids


def test_a_key_can_be_added_now_and_activated_later() -> None:
    keyring = Keyring.generate()
    waiting = keyring.add(activate=False)
    assert waiting.active == keyring.active
    (new,) = set(waiting.key_ids) - {keyring.active}
    assert waiting.activate(new).active == new
    with pytest.raises(ConfigError):
        waiting.activate("00000000")


def test_two_commands_at_once_do_not_lose_a_key(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    threads = [threading.Thread(target=add_key, args=(path,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Keyring.load(path).key_ids) == 12


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    key_id = add_key(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError):
        change_keyring(path, lambda keyring: keyring.retire(key_id))
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no folder"):
        add_key(tmp_path / "absent" / "keyring.json")
