"""One of many processes that ask for sessions at once: `python -m tests.support.submissions GO TASK…`

Each second request is put into the line by this process itself, the others are left to the supervisor. It tells by a
line that it is ready, begins when the file GO is there, and then tells of each task what became of it: the session's
id, or the name of the error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from scopecraft.errors import ScopecraftError
from scopecraft.sessions.context import Context
from scopecraft.sessions.enqueueing import enqueue
from scopecraft.sessions.kept_request import request_dict
from scopecraft.sessions.request import StartRequest
from scopecraft.supervisor import client
from tests.support.faults import QUICK
from tests.support.wait import until


def submit(context: Context, task: str, *, alone: bool) -> str:
    request = StartRequest(task, "x", Path.cwd(), agent="plain", arguments=("sh", "-c", QUICK.script))
    try:
        if alone:
            return enqueue(context, request).session.id
        answer = client.ask(context, "run", {"request": request_dict(request), "environ": dict(os.environ)})
        return str(answer["session"]["id"])
    except ScopecraftError as error:
        return type(error).__name__


def main(go: Path, tasks: list[str]) -> None:
    context = Context.of(os.environ)
    print("ready", flush=True)
    until(go.exists, 120, every=0.001)
    for number, task in enumerate(tasks):
        print(json.dumps([task, submit(context, task, alone=number % 2 == 0)]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
