"""Makes the pictures of README and docs anew: `.venv/bin/python docs/pictures/make.py` from the top of the project.

The pages are those of a real supervisor in a real Chromium, the commands are typed into a real terminal (tmux);
sessions, containers and commits are real, only the agent is a played one (agent.py), and missions of earlier days are
written down (week.py). All of it happens in /tmp/demo, so that no picture holds a path of a machine, and is removed
afterwards. Needs a container engine, tmux, Chromium, playwright, and the image of `sc image build`.
"""

from __future__ import annotations

import sys

import pages
import recording
import week
from animation import animated, still
from stage import HERE, call, stage


def main() -> int:
    with stage(), pages.chromium() as browser:
        week.past()
        call("sc", "up")
        week.today()
        shown, dashboard = recording.record()
        for name, picture in (
            ("terminal", animated(shown)),
            ("terminal-still", still(shown[-1])),
            ("dashboard", still(dashboard)),
        ):
            (HERE / f"{name}.svg").write_text(picture, encoding="utf-8")
        pages.take_usage(browser)
        week.at_work()
        pages.take_pages(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
