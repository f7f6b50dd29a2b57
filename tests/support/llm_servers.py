"""Scripted models for calls without an agent, on loopback: of Anthropic and of OpenAI, as their libraries see them.

A turn of the script is one request's answer, in their order, and the last one again:

    {"pieces": ["a", "b"]}                      the answer, piece by piece; "model", "stop" and "usage" may stand beside
    {"error": 529, "message": "busy", "headers": {…}}
    {"body": "<html>"}                          no stream, but a page
    {"pieces": [...], "breaks": true}           the connection ends where the answer should
    {"pieces": [...], "stream_error": "overloaded_error"}

A piece that is `WAIT` holds the answer up until the test calls `go_on`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Protocol

WAIT = "\0wait"
MODELS = {"anthropic": "claude-sonnet-5-5", "openai": "gpt-6.2-sol"}


class Speech(Protocol):
    """How a provider streams an answer: event names and what is in them."""

    def events(self, turn: dict[str, Any], model: str) -> Iterator[dict[str, Any] | str]: ...

    def error(self, turn: dict[str, Any]) -> dict[str, Any]: ...


class AnthropicSpeech:
    def events(self, turn: dict[str, Any], model: str) -> Iterator[dict[str, Any] | str]:
        usage = {"input_tokens": 100, "output_tokens": 1, **turn.get("usage", {})}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "usage": usage}
        yield {"type": "message_start", "message": message}
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for piece in turn["pieces"]:
            delta = {"type": "text_delta", "text": piece}
            yield piece if piece == WAIT else {"type": "content_block_delta", "index": 0, "delta": delta}
        if turn.get("breaks"):
            return
        if kind := turn.get("stream_error"):
            yield {"type": "error", "error": {"type": kind, "message": "in the middle"}}
            return
        yield {"type": "content_block_stop", "index": 0}
        ended = {"stop_reason": turn.get("stop", "end_turn"), "stop_sequence": None}
        yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 20, **turn.get("usage", {})}}
        yield {"type": "message_stop"}

    def error(self, turn: dict[str, Any]) -> dict[str, Any]:
        return {"type": "error", "error": {"type": "scripted", "message": turn.get("message", "")}}


class OpenAISpeech:
    def events(self, turn: dict[str, Any], model: str) -> Iterator[dict[str, Any] | str]:
        used = {"input_tokens": 100, "output_tokens": 20, **turn.get("usage", {})}
        details = {"input_tokens_details": {"cached_tokens": used.pop("cached_tokens", 0), "cache_write_tokens": 0}}
        response = {"id": "resp_1", "object": "response", "model": model, "usage": {**used, **details}}
        yield {"type": "response.created", "response": {**response, "usage": None}}
        for piece in turn["pieces"]:
            yield piece if piece == WAIT else {"type": "response.output_text.delta", "delta": piece}
        if turn.get("breaks"):
            return
        if kind := turn.get("stream_error"):
            yield {"type": "response.failed", "response": {**response, "error": {"code": kind, "message": "in it"}}}
            return
        said = "".join(piece for piece in turn["pieces"] if piece != WAIT)
        item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": said}]}
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
        if turn.get("stop"):
            incomplete = {**response, "status": "incomplete", "incomplete_details": {"reason": turn["stop"]}}
            yield {"type": "response.incomplete", "response": incomplete}
            return
        yield {"type": "response.completed", "response": {**response, "status": "completed"}}

    def error(self, turn: dict[str, Any]) -> dict[str, Any]:
        return {"error": {"type": "scripted", "code": "scripted", "message": turn.get("message", "")}}


SPEECHES: dict[str, Speech] = {"anthropic": AnthropicSpeech(), "openai": OpenAISpeech()}


class _Handler(BaseHTTPRequestHandler):
    server: CallServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        turn = self.server.next_turn(request, {name.lower(): value for name, value in self.headers.items()})
        self.close_connection = True
        try:
            if "error" in turn:
                self._fail(turn["error"], json.dumps(self.server.speech.error(turn)), turn.get("headers", {}))
            elif "body" in turn:
                self._fail(200, turn["body"], {"content-type": "text/html"})
            else:
                self._stream(turn, request["model"])
        except (BrokenPipeError, ConnectionResetError):
            pass  # who asked has been ended

    def _fail(self, status: int, text: str, headers: dict[str, str]) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, turn: dict[str, Any], model: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in self.server.speech.events(turn, turn.get("model", model)):
            if isinstance(event, str):
                self.server.wait()
                continue
            self._chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        if not turn.get("breaks"):
            self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class CallServer(ThreadingHTTPServer):
    """Serves while the `with` block runs."""

    daemon_threads = True
    block_on_close = False
    variables: ClassVar[dict[str, tuple[str, str]]] = {
        "anthropic": ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"),
        "openai": ("OPENAI_BASE_URL", "OPENAI_API_KEY"),
    }

    def __init__(self, *script: dict[str, Any], provider: str = "anthropic") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.provider, self.speech = provider, SPEECHES[provider]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._script = list(script)
        self._lock = threading.Lock()
        self._going = threading.Semaphore(0)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        place = f"http://127.0.0.1:{self.server_address[1]}"
        return place if self.provider == "anthropic" else f"{place}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """What whoever asks it must find set."""
        url, key = self.variables[self.provider]
        return {url: self.url, key: "test-key-0123456789"}

    def next_turn(self, request: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        with self._lock:
            self.requests.append(request)
            self.headers.append(headers)
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def wait(self) -> None:
        self._going.acquire(timeout=60)

    def go_on(self) -> None:
        self._going.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked has been ended."""

    def __enter__(self) -> CallServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
