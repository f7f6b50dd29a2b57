"""A scripted model behind Anthropic's Messages API, for the real Claude Code on loopback. Standard library only.

Runs by itself too, also where nothing but python3 is installed:

    python3 model_server.py --port 8765 --script script.json        serve until ended
    python3 model_server.py --script script.json -- claude -p …     serve while a command runs, end with its code

A script is a JSON object. Each key is a mark; the mark that stands last in the conversation's prompts chooses the
list of turns, and the key "default" serves prompts without a mark. A plain list is {"default": list}. A turn is one of

    {"text": "Done."}
    {"tool": "Bash", "input": {"command": "true"}}       "text" may stand beside it; {"tools": [{…}, {…}]} calls several
    {"error": 529, "message": "busy", "times": 2}        answered that often, then passed over; 0 is for ever

and may carry "thinking", "usage": {"input_tokens": …} and "delay_seconds". The n-th turn answers the prompt's n-th
model call; after the last one the model says "Done.".
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

USAGE = {"input_tokens": 100, "cache_creation_input_tokens": 10, "cache_read_input_tokens": 1000, "output_tokens": 42}
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
LAST_WORD: dict[str, Any] = {"text": "Done."}


def texts_of(message: dict[str, Any]) -> list[str]:
    """The texts of a message, without tool results."""
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    blocks = content if isinstance(content, list) else []
    return [block.get("text", "") for block in blocks if isinstance(block, dict) and block.get("type") == "text"]


def is_prompt(message: dict[str, Any]) -> bool:
    content = message.get("content")
    has_result = isinstance(content, list) and any(b.get("type") == "tool_result" for b in content)
    return message.get("role") == "user" and not has_result


class Script:
    """Chooses the answer to a conversation; remembers only how often each error was given."""

    def __init__(self, turns: list[dict[str, Any]] | dict[str, list[dict[str, Any]]]) -> None:
        self._by_mark = {"default": turns} if isinstance(turns, list) else turns
        self._errors_given: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def place(self, messages: list[dict[str, Any]]) -> tuple[str, int]:
        """The mark in force and the number of answers already given since the prompt that carries it."""
        for index in range(len(messages) - 1, -1, -1):
            if messages[index].get("role") != "user":
                continue
            text = "\n".join(texts_of(messages[index]))
            found = [(text.rfind(mark), mark) for mark in self._by_mark if mark != "default" and mark in text]
            if found:
                return max(found)[1], self._answers(messages[index:])
        prompts = [index for index, message in enumerate(messages) if is_prompt(message)]
        return "default", self._answers(messages[prompts[-1] if prompts else 0 :])

    def answer(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        mark, given = self.place(messages)
        with self._lock:
            for index, turn in enumerate(self._by_mark.get(mark, [])):
                if "error" in turn:
                    served = self._errors_given.get((mark, index), 0)
                    # an error leaves no trace in the conversation, so it is due whenever its place is reached
                    if given == 0 and (turn.get("times", 1) == 0 or served < turn.get("times", 1)):
                        self._errors_given[(mark, index)] = served + 1
                        return turn
                    continue
                if given == 0:
                    return turn
                given -= 1
        return LAST_WORD

    @staticmethod
    def _answers(messages: list[dict[str, Any]]) -> int:
        return sum(message.get("role") == "assistant" for message in messages)


def blocks_of(turn: dict[str, Any], message_id: str) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if "thinking" in turn:
        blocks.append({"type": "thinking", "thinking": turn["thinking"], "signature": "c2ln"})
    if "text" in turn:
        blocks.append({"type": "text", "text": turn["text"]})
    calls = turn.get("tools", [turn] if "tool" in turn else [])
    for index, call in enumerate(calls):
        block_id = f"toolu_{message_id}_{index}"
        blocks.append({"type": "tool_use", "id": block_id, "name": call["tool"], "input": call.get("input", {})})
    return blocks


def message_of(turn: dict[str, Any], *, message_id: str, model: str) -> dict[str, Any]:
    blocks = blocks_of(turn, message_id)
    called = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": blocks,
        "stop_reason": "tool_use" if called else "end_turn",
        "stop_sequence": None,
        "usage": {**USAGE, **turn.get("usage", {})},
    }


def block_events(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    if block["type"] == "text":
        empty: dict[str, Any] = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": block["text"]}]
    elif block["type"] == "thinking":
        empty = {"type": "thinking", "thinking": "", "signature": ""}
        deltas = [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    else:
        empty = {**block, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
    return [
        {"type": "content_block_start", "index": index, "content_block": empty},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def events_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    usage = message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
    for index, block in enumerate(message["content"]):
        events += block_events(index, block)
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": ended, "usage": usage}, {"type": "message_stop"}]


class Handler(BaseHTTPRequestHandler):
    server: ModelServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._reply(200, b"", "text/plain")

    def do_GET(self) -> None:
        self._reply(200, b"{}", "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = json.loads(body or b"{}")
        if "count_tokens" in self.path:
            self._reply(200, b'{"input_tokens": 100}', "application/json")
        elif "/v1/messages" not in self.path:
            self._reply(200, b"{}", "application/json")
        else:
            self._message(request)

    def _message(self, request: dict[str, Any]) -> None:
        # requests without tools ask for titles and summaries: they take no turn of the script
        turn: dict[str, Any] = {"text": "A title"}
        if request.get("tools"):
            turn = self.server.script.answer(request.get("messages", []))
        self.server.requests.append(request)
        time.sleep(turn.get("delay_seconds", 0))
        if "error" in turn:
            self._fail(turn)
            return
        message = message_of(turn, message_id=self.server.next_message_id(), model=request.get("model", "scripted"))
        if not request.get("stream"):
            self._reply(200, json.dumps(message).encode(), "application/json")
            return
        lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events_of(message)]
        self._reply(200, "".join(lines).encode(), "text/event-stream")

    def _fail(self, turn: dict[str, Any]) -> None:
        status = turn["error"]
        kind = ERROR_TYPES.get(status, "api_error")
        detail = {"type": kind, "message": turn.get("message", f"scripted {status}")}
        self._reply(status, json.dumps({"type": "error", "error": detail}).encode(), "application/json")

    def _reply(self, status: int, body: bytes, content_type: str) -> None:
        self.close_connection = True
        try:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("request-id", "req_scripted")
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # an interrupted agent hangs up

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the agent's terminal is not ours to write on."""


class ModelServer(ThreadingHTTPServer):
    """Serves on loopback while the `with` block runs; `url` is what `url_variable` takes."""

    daemon_threads = True
    block_on_close = False
    handler: ClassVar[type[BaseHTTPRequestHandler]] = Handler
    url_variable: ClassVar[str] = "ANTHROPIC_BASE_URL"  # where the agent looks for `url`

    def __init__(self, script: list[dict[str, Any]] | dict[str, list[dict[str, Any]]], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), self.handler)
        self.script = Script(script)
        self.requests: list[dict[str, Any]] = []
        self._count = 0
        self._count_lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_message_id(self) -> str:
        with self._count_lock:
            self._count += 1
            return f"msg_{self._count:04}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """An agent that was killed in the middle of a request is nothing to tell."""

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


def run_beside(server: ModelServer, command: list[str]) -> int:
    """Run a command against the server; signals go to it, and its exit code comes back."""
    child = subprocess.Popen(command, env={**os.environ, server.url_variable: server.url})
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: child.send_signal(received))
    code = child.wait()
    return code if code >= 0 else 128 - code


def main(arguments: list[str], served: type[ModelServer] = ModelServer) -> int:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    before, command = arguments[:cut], arguments[cut + 1 :]
    parser = argparse.ArgumentParser(description="A scripted model for a coding agent.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, required=True)
    options = parser.parse_args(before)
    with served(json.loads(options.script.read_text()), options.port) as server:
        if command:
            return run_beside(server, command)
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        print(server.url, flush=True)
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
