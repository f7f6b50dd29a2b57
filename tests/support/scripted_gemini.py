"""A scripted model behind Google's Gemini API, for the real Gemini CLI on loopback. Standard library only.

Scripts, and running by itself, are those of `model_server`, which must stand beside this file:

    python3 scripted_gemini.py --script script.json -- gemini -o stream-json
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

USAGE = {"promptTokenCount": 100, "cachedContentTokenCount": 40, "candidatesTokenCount": 20, "thoughtsTokenCount": 5}


def messages_of(contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation as the Messages API would tell it."""
    messages: list[dict[str, Any]] = []
    for content in contents:
        parts = [part for part in content.get("parts", []) if isinstance(part, dict)]
        if content.get("role") == "model":
            messages.append({"role": "assistant", "content": []})
        elif any("functionResponse" in part for part in parts):
            messages.append({"role": "user", "content": [{"type": "tool_result"}]})
        else:
            texts = [{"type": "text", "text": part.get("text", "")} for part in parts]
            messages.append({"role": "user", "content": texts})
    return messages


def responses_of(turn: dict[str, Any]) -> list[dict[str, Any]]:
    """A text comes in two halves; the last piece has the calls, the reason and the usage."""
    pieces: list[list[dict[str, Any]]] = []
    words = turn.get("text", "")
    if "thinking" in turn:
        pieces.append([{"text": turn["thinking"], "thought": True}])
    pieces += [[{"text": half}] for half in (words[: len(words) // 2], words[len(words) // 2 :]) if half]
    calls = turn.get("tools", [turn] if "tool" in turn else [])
    if calls:
        pieces.append([{"functionCall": {"name": call["tool"], "args": call.get("input", {})}} for call in calls])
    responses = [{"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]} for parts in pieces]
    used = {**USAGE, **turn.get("usage", {})}
    total = used["promptTokenCount"] + used["candidatesTokenCount"] + used["thoughtsTokenCount"]
    last: dict[str, Any] = responses[-1]
    last["candidates"][0]["finishReason"] = turn.get("finish", "STOP")
    last["usageMetadata"] = {**used, "totalTokenCount": total}
    return responses


class GeminiHandler(Handler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        request = json.loads(body or b"{}")
        if ":countTokens" in self.path:
            self._reply(200, b'{"totalTokens": 100}', "application/json")
            return
        if "enerateContent" not in self.path:
            self._reply(200, b"{}", "application/json")
            return
        # requests without tools choose a model or sum up: they take no turn of the script
        turn: dict[str, Any] = {"text": "{}"}
        if request.get("tools"):
            turn = self.server.script.answer(messages_of(request.get("contents", [])))
        self.server.requests.append(request)
        time.sleep(turn.get("delay_seconds", 0))
        if "error" in turn:
            self._fail(turn)
            return
        responses = responses_of(turn)
        if ":streamGenerateContent" in self.path:
            lines = [f"data: {json.dumps(response)}\r\n\r\n" for response in responses]
            self._reply(200, "".join(lines).encode(), "text/event-stream")
        else:
            self._reply(200, json.dumps(responses[-1]).encode(), "application/json")

    def _fail(self, turn: dict[str, Any]) -> None:
        status = turn["error"]
        detail = {"code": status, "message": turn.get("message", f"scripted {status}"), "status": "SCRIPTED"}
        self._reply(status, json.dumps({"error": detail}).encode(), "application/json")


class GeminiServer(ModelServer):
    handler: ClassVar[type[BaseHTTPRequestHandler]] = GeminiHandler
    url_variable: ClassVar[str] = "GOOGLE_GEMINI_BASE_URL"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], GeminiServer))
