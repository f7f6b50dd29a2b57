"""This machine's cargo, where there is one that can read registries over HTTP (1.68). No test may need it elsewhere."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path


def find_cargo() -> Path | None:
    """The program itself; rustup's stand-in of the same name would look for its own settings."""
    found = shutil.which("cargo")
    if found is None:
        return None
    home = {**os.environ, "HOME": pwd.getpwuid(os.getuid()).pw_dir}
    if shutil.which("rustup") is not None:
        told = subprocess.run(["rustup", "which", "cargo"], env=home, capture_output=True, text=True)
        found = told.stdout.strip() if told.returncode == 0 else found
    told = subprocess.run([found, "--version"], env=home, capture_output=True, text=True)
    version = re.match(r"cargo (\d+)\.(\d+)", told.stdout)
    is_new = version is not None and (int(version[1]), int(version[2])) >= (1, 68)
    return Path(found) if is_new else None
