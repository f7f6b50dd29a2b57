"""The person's package caches: real programs install from them without any network, and cannot change a byte."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support import registries as registry_module
from tests.support.cargo import find_cargo
from tests.support.derived_image import build_derived
from tests.support.engine import unavailable
from tests.support.played import Shop
from tests.support.registries import NAME, registries

IMAGE = "scopecraft-test-caches"
CARGO = find_cargo()
PIP = "PYTHONPATH=/opt/play/pip.zip python3 -m pip --isolated --disable-pip-version-check"
NODE = "LD_LIBRARY_PATH=/opt/play/lib NODE_PATH=/opt/play/npm /opt/play/node"
REGISTRY = "python3 /opt/play/registries.py"
WAIT = "python3 -c 'import socket,sys,time\nfor _ in range(500):\n  try: socket.create_connection((\"127.0.0.1\", int(sys.argv[1]))); break\n  except OSError: time.sleep(.02)'"  # fmt: skip  # noqa: E501


@dataclass(frozen=True, slots=True)
class Npm:
    """Where its files are on this machine; `script` is below the copied tree."""

    tree: Path
    script: str


def find_npm() -> Npm:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        unavailable("no npm: run script/setup")
    script = Path(npm).resolve()
    # Debian keeps what npm needs beside it
    tree = next((parent for parent in script.parents if parent.name in ("nodejs", "node_modules")), script.parents[1])
    return Npm(tree, str(script.relative_to(tree)))


@pytest.fixture(scope="module")
def npm() -> Npm:
    return find_npm()


@pytest.fixture(scope="module")
def image(engine: DockerClient, agent_image: str, npm: Npm, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The agent image with this machine's pip and npm."""
    files: dict[str, bytes | Path] = {"registries.py": Path(registry_module.__file__)}
    files["pip.zip"] = zipped_pip(tmp_path_factory.mktemp("pip") / "pip.zip")
    node = shutil.which("node")
    assert node is not None
    files["node"] = Path(node)
    for line in subprocess.run(["ldd", node], capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, place = line.strip().partition(" => ")
        if place.startswith("/") and not name.startswith(("libc.", "libm.", "libdl.", "libpthread.", "librt.")):
            files[f"lib/{name}"] = Path(place.split(" ")[0])
    wanted = npm.tree if npm.tree.name == "nodejs" else npm.tree / npm.script.split("/")[0]
    for folder, _, names in os.walk(wanted, followlinks=True):
        for name in names:
            file = Path(folder) / name
            if file.is_file():
                files[f"npm/{file.relative_to(npm.tree)}"] = file
    return build_derived(engine, IMAGE, files)


def zipped_pip(target: Path) -> Path:
    import pip

    source = Path(pip.__file__).parent
    with zipfile.ZipFile(target, "w") as archive:
        for file in source.rglob("*"):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, f"pip/{file.relative_to(source)}")
    return target


@pytest.fixture
def port() -> Iterator[int]:
    """Registries that are there while the person fills their caches."""
    with registries() as serving:
        yield serving


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(("PIP_", "NPM_", "CARGO")):
            monkeypatch.delenv(name)


def allow(shop: Shop, *names: str) -> None:
    text = f'[container]\nimage = "{IMAGE}"\nnetwork = "none"\ncaches = {json.dumps(list(names))}\n'
    shop.home.settings_file.write_text(text)
    assert shop.run("fix", "true", "--follow").code == 0


def contents(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file.stat().st_mtime_ns}"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def person(*command: str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=100)


def test_pip_takes_files_from_the_cache(shop: Shop, image: str, port: int, clean: None) -> None:
    own = Path(os.environ["HOME"]) / ".cache" / "pip"
    index = f"http://127.0.0.1:{port}/simple"
    words = ["python3", "-m", "pip", "--isolated", "--cache-dir", str(own), "download", "--no-deps"]
    person(*words, "--index-url", index, "--trusted-host", f"127.0.0.1:{port}", NAME, cwd=shop.folder.parent)
    before = contents(own)
    assert before
    allow(shop, "pip")
    # the index inside has no files, and pip always asks an index
    script = f"""set -e
{REGISTRY} {port} --no-files & {WAIT} {port}
{PIP} --cache-dir "$PIP_CACHE_DIR" install --target there --index-url {index} --trusted-host 127.0.0.1:{port} {NAME}
PYTHONPATH=there python3 -c 'import sc_tiny_lib; print(sc_tiny_lib.ANSWER)'
{PIP} --cache-dir "$PIP_CACHE_DIR" cache info >/dev/null
touch "$PIP_CACHE_DIR/new" "$PIP_CACHE_DIR/wheels/new"
! rm -rf /session/shared-caches/pip/*/* 2>/dev/null
"""
    done = shop.sc("exec", "fix", "sh", "-c", script)
    assert done.code == 0, done.out + done.err
    assert "Using cached" in done.out
    assert "42" in done.out
    assert contents(own) == before
    empty = script.replace('"$PIP_CACHE_DIR"', "/tmp/none")
    assert shop.sc("exec", "fix", "sh", "-c", empty).code != 0


def test_npm_installs_without_any_registry(shop: Shop, image: str, port: int, clean: None) -> None:
    own = Path(os.environ["HOME"]) / ".npm"
    registry = f"http://127.0.0.1:{port}/npm/"
    there = shop.folder.parent / "there"
    there.mkdir()
    person("npm", "install", NAME, "--registry", registry, "--cache", str(own), cwd=there)
    before = contents(own / "_cacache")
    assert before
    allow(shop, "npm")
    npm = f"{NODE} /opt/play/npm/{find_npm().script}"
    script = f"""set -e
mkdir -p one two && cd one
{npm} install {NAME} --registry {registry}
{NODE} -e "console.log(require('{NAME}'))"
cd ../two
{REGISTRY} {port} & {WAIT} {port}
{npm} install {NAME} --registry {registry} --prefer-online
{npm} cache add {NAME} --registry {registry} --prefer-online
{npm} cache verify
! rm -rf /session/shared-caches/npm/_cacache/*/* 2>/dev/null
"""
    done = shop.sc("exec", "fix", "sh", "-c", script)
    assert done.code == 0, done.out + done.err
    assert "42" in done.out
    assert contents(own / "_cacache") == before
    empty = (
        f"mkdir -p three && cd three && {npm} install {NAME} --registry {registry} --cache /tmp/none --fetch-retries 0"
    )
    assert shop.sc("exec", "fix", "sh", "-c", empty).code != 0


def test_only_caches_are_shown_and_nothing_stays_behind(shop: Shop, agent_image: str, clean: None) -> None:
    home = Path(os.environ["HOME"])
    for name in (".npm/_cacache/content-v2/a", ".npm/_logs/log", ".cargo/credentials.toml", ".cargo/registry/cache/x"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("of the person")
    (home / ".npm/_cacache/content-v2/link").symlink_to("/etc/passwd")
    shop.home.settings_file.write_text('[container]\ncaches = ["npm", "cargo", "pip"]\n')
    assert shop.run("fix", "true", "--follow").code == 0
    done = shop.sc("exec", "fix", "find", "/session/caches", "/session/shared-caches", "-not", "-type", "d")
    assert sorted(Path(line).name for line in done.out.splitlines()) == ["a", "a", "link", "x", "x"], done.out
    assert "/session/caches/npm/_cacache/content-v2/link" not in done.out
    assert not (shop.path(shop.session("fix").id) / "caches").exists()


def test_set_up_commands_have_them_too(shop: Shop, agent_image: str, clean: None) -> None:
    cached = Path(os.environ["HOME"]) / ".npm/_cacache/content-v2/a"
    cached.parent.mkdir(parents=True)
    cached.write_text("cached")
    words = 'caches = ["npm"]\n[setup]\ncommands = ["cat $npm_config_cache/_cacache/content-v2/a >seen"]\n'
    shop.home.settings_file.write_text(f"[container]\n{words}")
    assert shop.run("fix", "cat seen", "--follow").code == 0
    assert (shop.worktree("fix") / "seen").read_text() == "cached"


if CARGO is not None:  # 250 MB of programs: not asked of a machine that builds nothing in Rust

    def test_cargo_takes_crates_from_the_cache(shop: Shop, image: str, port: int, clean: None) -> None:
        own = Path(os.environ["HOME"]) / ".cargo"
        there = crate_project(shop.folder.parent / "there", port)
        person(str(CARGO), "vendor", cwd=there)
        before = contents(own / "registry")
        assert any(name.endswith(".crate") for name in before)
        allow(shop, "cargo")
        tree = shop.worktree("fix")
        shutil.copytree(crate_project(shop.folder.parent / "here", port), tree, dirs_exist_ok=True)
        shutil.copy(there / "Cargo.lock", tree)
        shutil.copy(str(CARGO), tree / "cargo")
        script = f"""set -e
./cargo vendor --locked && cat vendor/{NAME}/src/lib.rs && rm -r vendor Cargo.lock
{REGISTRY} {port} & {WAIT} {port}
./cargo vendor && cat vendor/{NAME}/src/lib.rs
! rm -rf /session/shared-caches/cargo/registry/*/* 2>/dev/null
"""
        done = shop.sc("exec", "fix", "sh", "-c", script)
        assert done.code == 0, done.out + done.err
        assert done.out.count("ANSWER: u8 = 42") == 2
        assert contents(own / "registry") == before
        empty = "CARGO_HOME=/tmp/none CARGO_NET_RETRY=0 ./cargo vendor --locked"
        assert shop.sc("exec", "fix", "sh", "-c", empty).code != 0

    def crate_project(folder: Path, port: int) -> Path:
        files = {
            "src/lib.rs": "",
            "Cargo.toml": f'[package]\nname = "demo"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n'
            f'{NAME} = {{ version = "1", registry = "own" }}\n[workspace]\n',
            ".cargo/config.toml": f'[registries.own]\nindex = "sparse+http://127.0.0.1:{port}/cargo/"\n',
        }
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder
