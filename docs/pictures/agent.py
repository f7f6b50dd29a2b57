"""A played coding agent for the picture: it speaks like Claude Code and really works, but asks no model.

With `-p` it reads its prompt from standard input, one message a line, adds a greeting to the repository, commits it,
prints stream-json, and ends when its input does. Without, it reviews the last commit in a terminal, asks before it
approves, and waits for you; the hooks of `--settings` tell how it stands. Needs nothing but python3 and git; arguments
that it does not know are fine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

MODEL = "played-1"
PAUSE_SECONDS = 0.7  # so that a person can follow

GREETING = '''\
"""Says hello."""


def greet(name: str = "world") -> str:
    return f"Hello, {name}!"


if __name__ == "__main__":
    print(greet())
'''


def main() -> int:
    options = arguments()
    return work(options.session_id) if options.headless else Review(options).run()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("-p", "--print", dest="headless", action="store_true")
    parser.add_argument("--session-id", default=str(uuid.uuid4()))
    parser.add_argument("--resume", dest="session_id")
    parser.add_argument("--settings")
    known = sys.argv[1:]
    prompt = known[known.index("--") + 1 :] if "--" in known else []
    options, _ = parser.parse_known_args(known[: known.index("--")] if "--" in known else known)
    options.prompt = " ".join(prompt)
    return options


def shell(command: str) -> tuple[str, bool]:
    """What the command prints, and whether it failed."""
    run = ["/bin/sh", "-c", command]
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.rstrip(), done.returncode != 0


# Headless: stream-json, one object a line.


class Stream:
    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.calls = 0
        self.began = time.monotonic()

    def line(self, **fields: object) -> None:
        fields |= {"session_id": self.session_id, "uuid": str(uuid.uuid4())}
        sys.stdout.write(json.dumps(fields, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    def assistant(self, block: dict[str, object]) -> None:
        self.calls += 1
        usage = {"input_tokens": 900 + 40 * self.calls, "output_tokens": 30}
        message = {"id": f"msg_{self.calls}", "type": "message", "role": "assistant", "model": MODEL}
        self.line(type="assistant", message={**message, "content": [block], "usage": usage}, parent_tool_use_id=None)
        time.sleep(PAUSE_SECONDS)

    def says(self, text: str) -> None:
        self.assistant({"type": "text", "text": text})

    def calls_tool(self, name: str, tool_input: dict[str, str], result: str, failed: bool = False) -> None:
        call = f"toolu_{self.calls + 1}"
        self.assistant({"type": "tool_use", "id": call, "name": name, "input": tool_input})
        block = {"type": "tool_result", "tool_use_id": call, "content": result, "is_error": failed}
        at = datetime.now(UTC).isoformat()
        self.line(type="user", message={"role": "user", "content": [block]}, parent_tool_use_id=None, timestamp=at)

    def bash(self, command: str) -> bool:
        result, failed = shell(command)
        self.calls_tool("Bash", {"command": command}, result, failed)
        return failed

    def end(self, text: str, failed: bool) -> None:
        elapsed = int((time.monotonic() - self.began) * 1000)
        tokens = {"input_tokens": 900 * self.calls, "output_tokens": 30 * self.calls}
        counts = {"inputTokens": tokens["input_tokens"], "outputTokens": tokens["output_tokens"], "costUSD": 0.0}
        self.line(
            type="result", subtype="success", is_error=failed, num_turns=self.calls, duration_ms=elapsed,
            duration_api_ms=0, total_cost_usd=0.0, usage=tokens, modelUsage={MODEL: counts}, permission_denials=[],
            terminal_reason="completed", stop_reason="end_turn", result=text,
        )  # fmt: skip


def work(session_id: str) -> int:
    prompt = json.loads(sys.stdin.readline())["message"]["content"]
    stream = Stream(session_id)
    stream.line(
        type="system", subtype="init", cwd=str(Path.cwd()), model=MODEL, tools=["Bash", "Write"], mcp_servers=[]
    )
    stream.says(f"I was asked: {prompt!r}. I look at what is here first.")
    failed = stream.bash("git status --short --branch && ls")
    Path("greeting.py").write_text(GREETING, encoding="utf-8")
    stream.calls_tool("Write", {"file_path": "greeting.py", "content": GREETING}, "File created: greeting.py")
    failed |= stream.bash("python3 greeting.py")
    failed |= stream.bash("git add greeting.py && git commit -q -m 'Say hello' && git log --oneline -1")
    words = "Something above did not work." if failed else "Done: greeting.py says hello, and it is committed."
    stream.says(words)
    stream.end(words, failed)
    sys.stdin.read()  # more messages might have come: this one does not answer them
    return int(failed)


# In a terminal: a screen for the person, hooks for whoever watches.


class Review:
    def __init__(self, options: argparse.Namespace) -> None:
        self.session_id: str = options.session_id
        self.prompt: str = options.prompt
        self.hooks: dict[str, list[dict[str, list[dict[str, str]]]]] = {}
        if options.settings:
            self.hooks = json.loads(Path(options.settings).read_text(encoding="utf-8")).get("hooks", {})

    def tell(self, event: str, **fields: object) -> None:
        payload = {"session_id": self.session_id, "cwd": str(Path.cwd()), "hook_event_name": event, **fields}
        for group in self.hooks.get(event, []):
            for hook in group["hooks"]:
                subprocess.run(["/bin/sh", "-c", hook["command"]], input=json.dumps(payload), text=True)

    def run(self) -> int:
        self.tell("SessionStart", source="startup", model=MODEL)
        show(f"\033[1m* played agent\033[0m  in {Path.cwd()}\n")
        try:
            if self.prompt:
                self.review()
            while True:
                self.tell("Stop", stop_hook_active=False)
                words = ask("\n> ")
                self.tell("UserPromptSubmit", prompt=words)
                if words in ("exit", "/exit"):
                    break
                show("  I only play a part. Type exit to leave.\n")
        except (EOFError, KeyboardInterrupt):
            show("\n")
        self.tell("SessionEnd", reason="prompt_input_exit")
        return 0

    def review(self) -> None:
        self.tell("UserPromptSubmit", prompt=self.prompt)
        show(f"\n> {self.prompt}\n\n")
        command = "git show --stat --format='%h %an: %s' HEAD"
        time.sleep(PAUSE_SECONDS)
        show(f"\033[32m*\033[0m Bash({command})\n" + indented(shell(command)[0]) + "\n\n")
        tool_input = {"command": "python3 greeting.py"}
        self.tell("PreToolUse", tool_name="Bash", tool_input=tool_input, tool_use_id="toolu_1")
        self.tell("PermissionRequest", tool_name="Bash", tool_input=tool_input)
        show("\033[33m*\033[0m Bash(python3 greeting.py)\n")
        if ask("  Run this command? [y/n] ").lower().startswith("y"):
            result, failed = shell("python3 greeting.py")
            self.tell("PostToolUse", tool_name="Bash", tool_input=tool_input, tool_use_id="toolu_1")
            show(indented(result) + ("\n\nThat does not work.\n" if failed else "\n\nIt says hello. Good to merge.\n"))
        else:
            show("  Not run. I can only say that it looks right.\n")


def show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def ask(text: str) -> str:
    show(text)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
