"""A played coding agent for the pictures: it speaks like Claude Code and really works, but asks no model.

What it does in which step of which mission, `scenes.py` says; files are really written, commands really run, and their
output is what it reports. Needs nothing but python3 and git; arguments that it does not know are fine.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from scenes import SCENES, Scene

MODEL = "sonnet"
PROMISE = "<promise>COMPLETE</promise>"


def main() -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--session-id", default=str(uuid.uuid4()))
    options, _ = parser.parse_known_args()
    prompt = json.loads(sys.stdin.readline())["message"]["content"]
    scene = SCENES[told(prompt, "Mission"), told(prompt, "Your step")]
    return Player(scene, options.session_id, told(prompt, "Your output file")).play()


def told(prompt: str, what: str) -> str:
    found = re.search(rf"^- {what}: (.*)$", prompt, re.MULTILINE)
    return found.group(1) if found else ""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Player:
    def __init__(self, scene: Scene, session_id: str, output: str) -> None:
        self.scene, self.session_id, self.output = scene, session_id, output
        self.calls, self.began = 0, time.monotonic()

    def play(self) -> int:
        self.line(type="system", subtype="init", cwd=str(Path.cwd()), model=MODEL, tools=["Bash", "Write"])
        for what, *words in self.scene.acts:
            getattr(self, what)(*words)
        failed = bool(self.scene.failure)
        self.end(self.scene.failure or PROMISE, failed)
        sys.stdin.read()  # more messages might have come: this one does not answer them
        return int(failed)

    def says(self, text: str) -> None:
        self.assistant({"type": "text", "text": text})

    def bash(self, command: str) -> None:
        run = ["/bin/sh", "-c", command]
        done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.tool("Bash", {"command": command}, done.stdout.rstrip(), done.returncode != 0)

    def read(self, path: str) -> None:
        self.tool("Read", {"file_path": path}, Path(path).read_text(encoding="utf-8"))

    def write(self, path: str, text: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")
        self.tool("Write", {"file_path": path, "content": text}, f"File created: {path}")

    def edit(self, path: str, old: str, new: str) -> None:
        text = Path(path).read_text(encoding="utf-8")
        assert old in text, (path, old)
        Path(path).write_text(text.replace(old, new), encoding="utf-8")
        self.tool("Edit", {"file_path": path, "old_string": old, "new_string": new}, f"{path} has been updated")

    def plan(self, text: str) -> None:
        self.write(self.output, text)

    def stays(self, text: str) -> None:
        """At work for as long as anybody looks."""
        self.says(text)
        time.sleep(3600)

    def tool(self, name: str, given: dict[str, str], result: str, failed: bool = False) -> None:
        call = f"toolu_{self.calls + 1}"
        self.assistant({"type": "tool_use", "id": call, "name": name, "input": given})
        block = {"type": "tool_result", "tool_use_id": call, "content": result, "is_error": failed}
        self.line(type="user", message={"role": "user", "content": [block]}, parent_tool_use_id=None, timestamp=now())

    def assistant(self, block: dict[str, object]) -> None:
        self.calls += 1
        message = {"id": f"msg_{self.calls}", "type": "message", "role": "assistant", "model": MODEL}
        message |= {"content": [block], "usage": self.used(self.calls)}
        self.line(type="assistant", message=message, parent_tool_use_id=None, timestamp=now())
        time.sleep(self.scene.pause_seconds)

    def used(self, call: int) -> dict[str, int]:
        return {"input_tokens": 40, "cache_read_input_tokens": 9_000 + 700 * call, "output_tokens": 160 + 20 * call}

    def end(self, text: str, failed: bool) -> None:
        calls = [self.used(call) for call in range(1, self.calls + 1)]
        usage = {name: sum(each[name] for each in calls) for name in self.used(0)}
        counts = {"inputTokens": usage["input_tokens"], "outputTokens": usage["output_tokens"]}
        counts |= {"cacheReadInputTokens": usage["cache_read_input_tokens"]}
        self.line(
            type="result", subtype="success", is_error=failed, num_turns=self.calls,
            duration_ms=int((time.monotonic() - self.began) * 1000), duration_api_ms=0, permission_denials=[],
            total_cost_usd=self.scene.cost_usd, usage=usage, terminal_reason="completed", stop_reason="end_turn",
            modelUsage={MODEL: {**counts, "costUSD": self.scene.cost_usd}}, result=text,
        )  # fmt: skip

    def line(self, **fields: object) -> None:
        fields |= {"session_id": self.session_id, "uuid": str(uuid.uuid4())}
        sys.stdout.write(json.dumps(fields, separators=(",", ":")) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
