"""The default agent image, built for real from packages and tried as a session would use it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from scopecraft.errors import BadInput, EngineUnavailable, ImageBuildFailed
from scopecraft.executors import claude_release
from scopecraft.executors import image_recipe as recipe
from scopecraft.executors.agent_releases import RELEASES
from scopecraft.executors.image import ImageRequest, build_default_image
from tests.support.agent_programs import CACHE
from tests.support.engine import unavailable
from tests.support.wait import until

NAME, BASE = f"sc-test-agent:{os.getpid()}", f"sc-test-base:{os.getpid()}"


def request_for(program: Path, *agents: str) -> ImageRequest:
    return ImageRequest(program, recipe.DEBOOTSTRAP, agents=agents, name=NAME, base_name=BASE, releases=CACHE)


@pytest.fixture(scope="module")
def address(engine: DockerClient) -> str:
    return os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


@pytest.fixture(scope="module")
def built(engine: DockerClient, address: str, claude_binary: Path) -> Iterator[list[str]]:
    """What was said while the image was built; the image stands under NAME until the module ends."""
    if os.geteuid() != 0:
        unavailable("debootstrap needs root")
    said: list[str] = []
    build_default_image(address, request_for(claude_binary), said.append)
    yield said
    for name in (NAME, BASE):
        engine.images.remove(name, force=True)


def output_in(engine: DockerClient, argv: list[str], user: str) -> str:
    output = engine.containers.run(
        NAME,
        argv,
        user=user,
        remove=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        network_mode="none",
        tmpfs={"/tmp": ""},
        environment={"HOME": "/tmp"},
        labels={"scopecraft.test": "image"},
    )
    return str(output.decode())


def scratch_folders() -> set[Path]:
    return set(Path("/var/tmp").glob("sc-image-*"))


def test_each_step_is_told(built: list[str]) -> None:
    assert built[0] == f"building {NAME}: there is none yet"
    assert "downloading packages" in built
    assert built[-1] == f"{NAME} is ready: Claude Code {claude_release.VERSION} on debootstrap"


@pytest.mark.parametrize("user", ["1000:1000", "4321:4321", "0:0"])
def test_its_programs_work_for_any_user_without_a_capability_on_a_read_only_root(
    engine: DockerClient, built: list[str], user: str
) -> None:
    assert output_in(engine, ["claude", "--version"], user).startswith(claude_release.VERSION)
    assert output_in(engine, ["git", "--version"], user).startswith("git version 2.")
    assert output_in(engine, ["python3", "-c", "import http.server, ssl; print('ok')"], user) == "ok\n"


def test_it_has_what_agents_reach_for(engine: DockerClient, built: list[str]) -> None:
    wanted = ["rg", "curl", "less", "ps", "pkill", "bash", "git-lfs"]
    script = f"for name in {' '.join(wanted)}; do command -v $name; done"
    assert [Path(line).name for line in output_in(engine, ["sh", "-c", script], "1000:1000").split()] == wanted
    assert output_in(engine, ["sh", "-c", "ls /etc/ssl/certs/ca-certificates.crt"], "1000:1000")


def test_its_labels_say_what_is_in_it(engine: DockerClient, built: list[str]) -> None:
    labels = engine.images.get(NAME).labels
    assert recipe.outdated_because(labels) is None
    assert labels[recipe.ORIGIN_LABEL] == "debootstrap"


def test_building_it_again_does_nothing(
    engine: DockerClient, built: list[str], address: str, claude_binary: Path
) -> None:
    before = engine.images.get(NAME).id
    said: list[str] = []
    build_default_image(address, request_for(claude_binary), said.append)
    assert said == [f"{NAME} is up to date; --force builds it anew"]
    assert engine.images.get(NAME).id == before


@pytest.mark.parametrize("agent", ["codex", "gemini", "opencode"])
def test_another_agent_is_added_to_those_that_are_there(
    engine: DockerClient, built: list[str], address: str, claude_binary: Path, agent: str
) -> None:
    said: list[str] = []
    before = recipe.agents_in(engine.images.get(NAME).labels)
    build_default_image(address, request_for(claude_binary, agent), said.append)
    assert said[0] == f"building {NAME}: it holds no {RELEASES[agent].agent}"
    assert f"on {BASE} as it is; --force fetches its packages anew" in said
    assert set(recipe.agents_in(engine.images.get(NAME).labels)) == {*before, agent}
    for each in (*before, agent):
        assert any(
            version in output_in(engine, [each, "--version"], "4321:4321") for version in RELEASES[each].versions
        )


def test_an_agent_that_nobody_knows_is_refused_before_anything_is_made(address: str, claude_binary: Path) -> None:
    with pytest.raises(BadInput, match="no program is pinned for 'robot'"):
        build_default_image(address, request_for(claude_binary, "robot"), lambda _: None)


def test_an_agent_that_does_not_work_leaves_the_image_of_before(
    engine: DockerClient, built: list[str], address: str
) -> None:
    before, scratch = engine.images.get(NAME).id, scratch_folders()
    with pytest.raises(ImageBuildFailed, match="claude does not work in the new image"):
        build_default_image(address, request_for(Path("/bin/false").resolve()), lambda _: None)
    assert engine.images.get(NAME).id == before
    assert scratch_folders() <= scratch
    assert not engine.containers.list(all=True, filters={"label": "scopecraft.trial"})


def test_another_base_that_is_not_to_be_had_is_one_clear_sentence(
    engine: DockerClient, address: str, claude_binary: Path
) -> None:
    request = ImageRequest(claude_binary, "localhost:1/none:x", name="sc-test-none:x", base_name="sc-test-none-base:x")
    with pytest.raises(ImageBuildFailed, match="pulling localhost:1/none:x failed"):
        build_default_image(address, request, lambda _: None)
    with pytest.raises(ImageNotFound):
        engine.images.get("sc-test-none:x")


def test_a_script_is_not_taken_for_the_program(tmp_path: Path, address: str) -> None:
    script = tmp_path / "claude"
    script.write_text("#!/usr/bin/env node\n")
    with pytest.raises(BadInput, match="not a Linux program"):
        build_default_image(address, request_for(script), lambda _: None)


def test_no_engine_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="no container engine answers"):
        build_default_image(f"unix://{tmp_path}/none.sock", ImageRequest(), lambda _: None)


INTERRUPTIBLE = """
import signal, sys
from pathlib import Path
from scopecraft.executors.image import ImageRequest, build_default_image
signal.signal(signal.SIGINT, signal.default_int_handler)
request = ImageRequest(Path(sys.argv[2]), "debootstrap", name="sc-test-cut:x", base_name="sc-test-cut-base:x")
build_default_image(sys.argv[1], request, lambda line: print(line, flush=True))
"""


def test_interrupted_it_leaves_nothing_behind(
    engine: DockerClient, address: str, claude_binary: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        unavailable("debootstrap needs root")
    log, scratch = tmp_path / "log", scratch_folders()
    with log.open("w") as output:
        running = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, address, str(claude_binary)], stdout=output, stderr=output
        )
    until(lambda: "downloading packages" in log.read_text(), 60)
    assert scratch_folders() - scratch
    running.send_signal(signal.SIGINT)
    assert running.wait(30) != 0
    assert scratch_folders() <= scratch
    assert not [line for line in Path("/proc/mounts").read_text().splitlines() if "sc-image-" in line]
    with pytest.raises(ImageNotFound):
        engine.images.get("sc-test-cut-base:x")
