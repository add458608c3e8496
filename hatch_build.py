"""Puts the built web UI into the wheel. An editable install builds nothing: `scripts/setup` does that itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebUI(BuildHookInterface):
    """Runs scripts/build-ui, which returns at once when the UI is up to date."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        script = Path(self.root) / "scripts" / "build-ui"
        done = subprocess.run([sys.executable, str(script)], check=False)
        if done.returncode != 0:
            raise RuntimeError("The web UI could not be built; the lines above say why.")
        build_data["artifacts"].append("src/cutroom/api/ui/**")
