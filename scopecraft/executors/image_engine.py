"""What building an image asks of the engine: pull, import, build, try out, tag."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import parse_repository_tag

from scopecraft.errors import EngineUnavailable, ImageBuildFailed
from scopecraft.executors.engine_facts import NoEngine, ask_engine

ANSWER_SECONDS = 10
STALL_SECONDS = 30  # a registry that says nothing for so long is not reachable
BUILD_SECONDS = 1800
TRIAL_SECONDS = 60
NOBODY = "1000:1000"


class ImageEngine:
    """One engine's images. Raises EngineUnavailable when it does not answer, else ImageBuildFailed."""

    def __init__(self, address: str) -> None:
        self.address = address
        answer = ask_engine(address, ())
        if isinstance(answer, NoEngine):
            raise EngineUnavailable(f"no container engine answers: {answer.why}", "start Docker; sc doctor says more")
        self._client: Any = _client(address, ANSWER_SECONDS)
        self.architecture: str = self._client.version()["Arch"]

    def close(self) -> None:
        self._client.close()

    def labels(self, image: str) -> Mapping[str, str] | None:
        """The image's labels; None if the engine has no such image."""
        with _failing(f"looking at {image}"):
            try:
                return self._client.inspect_image(image)["Config"].get("Labels") or {}
            except ImageNotFound:
                return None

    def id_of(self, image: str) -> str | None:
        with _failing(f"looking at {image}"):
            try:
                return str(self._client.inspect_image(image)["Id"])
            except ImageNotFound:
                return None

    def pull(self, image: str) -> None:
        """From its registry, given up when nothing moves for a while."""
        name, tag = parse_repository_tag(image)
        with _failing(f"pulling {image}"), contextlib.closing(_client(self.address, STALL_SECONDS)) as client:
            _last_word(client.pull(name, tag=tag or "latest", stream=True, decode=True))

    def import_root(self, tree: IO[bytes], changes: list[str]) -> str:
        """An image of one layer from a tar stream; its id."""
        with _failing("importing the base"), contextlib.closing(_client(self.address, BUILD_SECONDS)) as client:
            answer = client.import_image_from_stream(tree, repository="", changes=changes)
        last = json.loads(answer.splitlines()[-1])
        if "error" in last:
            raise ImageBuildFailed(f"importing the base failed: {last['error']}")
        return str(last["status"])

    def build(self, context: IO[bytes], *, what: str, fresh: bool, proxies: Mapping[str, str]) -> str:
        """An image without a name from a tar with a Dockerfile; its id."""
        # the engine's bridge does not reach package mirrors everywhere, the host's network does
        options = {"network_mode": "host", "rm": True, "forcerm": True, "nocache": fresh, "buildargs": dict(proxies)}
        with _failing(what), contextlib.closing(_client(self.address, BUILD_SECONDS)) as client:
            answer = client.build(fileobj=context, custom_context=True, decode=True, **options)
            built = _last_word(answer, wanted="aux")
        if built is None:
            raise ImageBuildFailed(f"{what} failed: the engine named no image")
        return str(built["ID"])

    def try_out(self, image: str, argv: list[str]) -> str:
        """What the command prints in a container as hardened as a session's. ImageBuildFailed unless it ends well."""
        config = self._client.create_host_config(
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            network_mode="none",
            tmpfs={"/tmp": ""},
        )
        with _failing(f"trying {argv[0]} in the new image"):
            container = self._client.create_container(
                image, argv, user=NOBODY, environment={"HOME": "/tmp"}, host_config=config, labels=["scopecraft.trial"]
            )["Id"]
            try:
                self._client.start(container)
                code = self._client.wait(container, timeout=TRIAL_SECONDS)["StatusCode"]
                words = self._client.logs(container).decode(errors="replace").strip()
            finally:
                self._client.remove_container(container, force=True)
        if code != 0:
            raise ImageBuildFailed(f"{argv[0]} does not work in the new image: {words[-300:] or f'exit code {code}'}")
        return str(words)

    def tag(self, image_id: str, name: str) -> None:
        """Gives the name, in one step, and removes the image that had it, unless something still uses that one."""
        before = self.id_of(name)
        repository, tag = parse_repository_tag(name)
        with _failing(f"naming {name}"):
            self._client.tag(image_id, repository, tag or "latest", force=True)
        if before not in (None, image_id):
            self.forget(str(before))

    def forget(self, image: str) -> None:
        """Removes an image without a name, unless something still uses it."""
        with contextlib.suppress(DockerException):
            # the engine would take the last name of an image away as well
            if not self._client.inspect_image(image)["RepoTags"]:
                self._client.remove_image(image)


def _client(address: str, seconds: int) -> Any:
    return docker.APIClient(base_url=address, version="auto", timeout=seconds)


def _last_word(lines: Iterable[dict[str, Any]], wanted: str = "status") -> Any:
    """The last value of the wanted kind in an answer that comes line by line; its error is raised."""
    found, before = None, ""
    for line in lines:
        if "error" in line:
            raise ImageBuildFailed(f"{str(line['error']).strip()}{before and f' ({before})'}")
        found = line.get(wanted, found)
        before = str(line.get("stream", "")).strip() or before
    return found


@contextlib.contextmanager
def _failing(what: str) -> Iterator[None]:
    """The engine's refusals, and its silence, as one sentence of ours."""
    try:
        yield
    except ImageBuildFailed as error:
        raise ImageBuildFailed(f"{what} failed: {error.message}", error.hint) from error
    except APIError as error:
        raise ImageBuildFailed(f"{what} failed: {error.explanation or error}") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise ImageBuildFailed(f"{what} failed: the engine did not answer in time ({error})") from error
