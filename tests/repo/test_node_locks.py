"""What the tests and measurements take from npm is pinned by hash, and to no registry."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ["bench/harvest", "clients", "tests/oidc"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_lock_holds_the_hash_of_every_package_and_the_address_of_none(folder: str) -> None:
    lock = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(lock)["packages"]

    ours = {name for name, package in packages.items() if package.get("link") or "node_modules/" not in name}
    theirs = [name for name in packages if name not in ours]
    assert [name for name in theirs if "integrity" not in packages[name]] == []
    assert re.findall(r"https?://\S+", lock) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_lock_is_that_of_the_exact_versions_asked_for(folder: str) -> None:
    wanted: dict[str, str] = {}
    for file in [ROOT / folder / "package.json", *sorted((ROOT / folder).glob("*/package.json"))]:
        asked = json.loads(file.read_text(encoding="utf-8"))
        wanted |= asked.get("dependencies", {}) | asked.get("devDependencies", {})
    wanted.pop("mailboxes-client", None)  # ours, from the folder beside it
    packages = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_lock_made_anew_does_not_record_where_packages_came_from(folder: str) -> None:
    settings = (ROOT / folder / ".npmrc").read_text(encoding="utf-8").splitlines()

    assert "omit-lockfile-registry-resolved=true" in settings
