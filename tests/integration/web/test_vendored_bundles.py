"""The libraries of the pages are what `script/vendor` makes, with their licences, and name no other host."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from shutil import which

from tests.support.documents import ROOT
from tests.support.engine import unavailable

VENDORED = ROOT / "scopecraft/web/static/vendor"
_ADDRESS = re.compile(r"(?:https?|wss?)://[\w.-]+\.[\w-]+")
_NAMESPACES = {"http://www.w3.org"}  # names, which nobody asks for anything
_LICENCE = re.compile(r"^={72}\n(\S+) (\S+) \([^)]+\)\n\n(.{200,}?)(?=\n={72}\n|\Z)", re.MULTILINE | re.DOTALL)


def bundles() -> list[Path]:
    return sorted(path for path in VENDORED.iterdir() if path.suffix in {".js", ".css"})


def test_the_bundles_are_what_their_sources_make(tmp_path: Path) -> None:
    if which("npm") is None:
        unavailable("no npm: script/setup installs it")
    done = subprocess.run([ROOT / "script/vendor", tmp_path], capture_output=True, text=True, timeout=300)
    if done.returncode:
        unavailable(f"script/vendor: {done.stderr}")
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built.keys() == {path.name for path in VENDORED.iterdir()}
    differing = [name for name, content in built.items() if content != (VENDORED / name).read_bytes()]
    assert not differing, "run script/vendor and commit what it makes"


def test_no_bundle_names_another_host_or_a_source_map() -> None:
    for path in bundles():
        text = path.read_text()
        assert set(_ADDRESS.findall(text)) <= _NAMESPACES, path.name
        assert "sourceMappingURL" not in text, path.name


def test_each_bundled_package_has_its_licence_beside_the_bundles() -> None:
    licences = {name: version for name, version, _ in _LICENCE.findall((VENDORED / "LICENSES.txt").read_text())}
    asked_for = json.loads((ROOT / "vendor/package.json").read_text())["dependencies"]
    assert asked_for.items() <= licences.items()
    assert "@lezer/lr" in licences  # of a library of a library


def test_the_lock_file_holds_checksums_and_no_address() -> None:
    text = (ROOT / "vendor/package-lock.json").read_text()
    assert "://" not in text
    packages = [value for key, value in json.loads(text)["packages"].items() if key]
    assert all(package["integrity"].startswith("sha512-") for package in packages)
