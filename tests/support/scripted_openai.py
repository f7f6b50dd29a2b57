"""A scripted model behind OpenAI's Responses API, for the real Codex on loopback. Standard library only.

Scripts, and running by itself, are those of `model_server`, which must stand beside this file:

    python3 scripted_openai.py --script script.json -- codex exec …
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

if __package__:
    from tests.support.model_server import Handler, ModelServer, main
else:
    from model_server import Handler, ModelServer, main

USAGE = {"input_tokens": 100, "cached_tokens": 80, "output_tokens": 20, "reasoning_tokens": 5}


def messages_of(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation as the Messages API would tell it: what the model said at once is one message."""
    messages: list[dict[str, Any]] = []
    for item in items:
        kind, role = item.get("type", "message"), item.get("role")
        if kind.endswith("_call_output"):
            messages.append({"role": "user", "content": [{"type": "tool_result"}]})
        elif kind == "message" and role == "user":
            texts = [part.get("text", "") for part in item.get("content", []) if isinstance(part, dict)]
            messages.append({"role": "user", "content": [{"type": "text", "text": text} for text in texts]})
        elif (role == "assistant" or kind.endswith("_call")) and messages and messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": []})
    return messages


def items_of(turn: dict[str, Any], response_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if "thinking" in turn:
        summary = [{"type": "summary_text", "text": turn["thinking"]}]
        items.append({"type": "reasoning", "id": f"rs_{response_id}", "summary": summary, "encrypted_content": None})
    if "text" in turn:
        content = [{"type": "output_text", "text": turn["text"], "annotations": []}]
        message = {"type": "message", "id": f"msg_{response_id}", "role": "assistant", "status": "completed"}
        items.append({**message, "content": content})
    for index, call in enumerate(turn.get("tools", [turn] if "tool" in turn else [])):
        names = {"id": f"fc_{response_id}_{index}", "call_id": f"call_{response_id}_{index}", "name": call["tool"]}
        items.append({"type": "function_call", **names, "arguments": json.dumps(call.get("input", {}))})
    return items


def events_of(turn: dict[str, Any], response_id: str) -> list[dict[str, Any]]:
    used = {**USAGE, **turn.get("usage", {})}
    usage = {
        "input_tokens": used["input_tokens"],
        "input_tokens_details": {"cached_tokens": used["cached_tokens"]},
        "output_tokens": used["output_tokens"],
        "output_tokens_details": {"reasoning_tokens": used["reasoning_tokens"]},
        "total_tokens": used["input_tokens"] + used["output_tokens"],
    }
    response = {"id": f"resp_{response_id}", "object": "response", "status": "completed", "usage": usage}
    items = items_of(turn, response_id)
    done = [{"type": "response.output_item.done", "output_index": i, "item": item} for i, item in enumerate(items)]
    begun = {"type": "response.created", "response": {"id": response["id"]}}
    return [begun, *done, {"type": "response.completed", "response": response}]


class OpenAIHandler(Handler):
    server: OpenAIServer

    def do_GET(self) -> None:
        # Codex would rather have a WebSocket; by this answer it does without at once
        self._reply(426 if "upgrade" in self.headers else 200, b"{}", "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not self.path.endswith("/responses"):
            self._reply(200, b"{}", "application/json")
            return
        request = json.loads(body or b"{}")
        turn = self.server.script.answer(messages_of(request.get("input", [])))
        self.server.requests.append(request)
        self.server.keys.add(self.headers.get("authorization") or "")
        time.sleep(turn.get("delay_seconds", 0))
        if "error" in turn:
            self._fail(turn)
            return
        events = events_of(turn, self.server.next_message_id())
        lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
        self._reply(200, "".join(lines).encode(), "text/event-stream")

    def _fail(self, turn: dict[str, Any]) -> None:
        status = turn["error"]
        detail = {"type": "scripted_error", "code": f"scripted_{status}", "message": turn.get("message", "scripted")}
        self._reply(status, json.dumps({"error": detail}).encode(), "application/json")


class OpenAIServer(ModelServer):
    handler: ClassVar[type[BaseHTTPRequestHandler]] = OpenAIHandler
    url_variable: ClassVar[str] = "OPENAI_BASE_URL"

    def __init__(self, script: list[dict[str, Any]] | dict[str, list[dict[str, Any]]], port: int = 0) -> None:
        super().__init__(script, port)
        self.keys: set[str] = set()  # how those who asked authorised themselves

    @property
    def url(self) -> str:
        return f"{super().url}/v1"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], OpenAIServer))
