"""The wheel of the service: the Integrations page is in it."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from support.web_world import ROOT, build_page

STATIC = "mailbox_svc/rest/static"


def test_the_wheel_holds_the_page_and_what_it_names(tmp_path: Path) -> None:
    build_page()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
        index = archive.read(f"{STATIC}/index.html").decode()
    named = re.findall(r"/profile/integrations/(assets/[^\"]+)", index)
    assert {Path(name).suffix for name in named} >= {".js", ".css"}
    assert {f"{STATIC}/{name}" for name in named} <= names
    assert f"{STATIC}/stamp" not in names
