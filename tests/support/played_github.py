"""GitHub's interface for one repository, on loopback: as much of it as opening a pull request takes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghp_only-for-tests-0123456789"
REPOSITORY = "acme/shop"
Answer = tuple[int, Any, dict[str, str]]


@dataclass
class PlayedGitHub:
    """`pulls` are those that are open; `instead` answers a request in our place, None leaves it to us."""

    api: str = ""
    pulls: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    instead: Callable[[str, str], Answer | None] = lambda _method, _path: None

    def add(self, branch: str, base: str = "main", **more: Any) -> dict[str, Any]:
        number = len(self.pulls) + 1
        pull = {
            "number": number,
            "html_url": f"https://github.com/{REPOSITORY}/pull/{number}",
            "url": f"{self.api}/repos/{REPOSITORY}/pulls/{number}",
            "head": {"ref": branch, "sha": "a" * 40},
            "base": {"ref": base, "sha": "b" * 40},
            "draft": False,
            **more,
        }
        self.pulls.append(pull)
        return pull

    def answer(self, method: str, path: str, body: dict[str, Any], token: str) -> Answer:
        self.asked.append((method, path))
        parts = urlsplit(path)
        other = self.instead(method, parts.path)
        if other is not None:
            return other
        if token != TOKEN:
            return 401, {"message": "Bad credentials"}, {}
        if parts.path != f"/repos/{REPOSITORY}/pulls":
            return 404, {"message": "Not Found"}, {}
        if method == "GET":
            head = parse_qs(parts.query).get("head", [""])[0]
            return 200, [pull for pull in self.pulls if head == f"acme:{pull['head']['ref']}"], {}
        return self._make(body)

    def _make(self, body: dict[str, Any]) -> Answer:
        if any(pull["head"]["ref"] == body["head"] for pull in self.pulls):
            return 422, _refused(f"A pull request already exists for acme:{body['head']}."), {}
        if body["base"] != "main":
            return 422, _refused(None, field="base", code="invalid"), {}
        self.made.append(body)
        return 201, self.add(body["head"], body["base"], draft=body.get("draft", False)), {}


def _refused(message: str | None, **more: str) -> dict[str, Any]:
    return {"message": "Validation Failed", "errors": [{"resource": "PullRequest", "message": message, **more}]}


@contextlib.contextmanager
def played_github() -> Iterator[PlayedGitHub]:
    played = PlayedGitHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            words = (self.headers.get("Authorization") or "").split(" ")
            status, document, headers = played.answer(
                self.command, self.path, json.loads(sent) if sent else {}, words[-1]
            )
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    played.api = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield played
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
