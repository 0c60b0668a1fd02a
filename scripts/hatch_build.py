"""Puts the Integrations page into the wheel: hatch calls it before it collects the files."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildPage(BuildHookInterface):
    """Builds the page where it can be; what was built before stays, as in a source distribution."""

    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        script = Path(self.root, "scripts", "build-web.sh")
        if version != "editable" and script.exists():
            subprocess.run([script], check=True)
