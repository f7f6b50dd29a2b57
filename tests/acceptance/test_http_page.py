"""The page about HTTP, line by line: what a program's author tries first works, at a real supervisor."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import sc
from tests.support.documents import ROOT
from tests.support.repos import make_repository
from tests.support.supervisors import running_supervisor
from tests.support.walkthrough import lines_of, walk

PAGE = ROOT / "docs" / "reference" / "http.md"


def test_every_example_of_the_page_is_answered(clean_environment: Path) -> None:
    shop = make_repository(clean_environment / "shop")
    for words in (("init",), ("link",)):
        assert sc(*words, cwd=shop).code == 0
    with running_supervisor() as supervisor:
        address = supervisor.ask("health")["http"]["address"]
        lines = (line.replace("http://127.0.0.1:4000", address) for line in lines_of(PAGE))
        steps = list(walk(lines, shop, lambda _: None))
    assert [(step.line, step.output) for step in steps if step.code] == []
    said = {step.line: step.output for step in steps}
    refused = next(output for line, output in said.items() if line.endswith('/continue"'))
    assert '"error":"claude has no key' in refused, "the test has no agent"
    assert '"status":"completed"' in said[next(line for line in said if "mark-completed" in line)]
    assert '"mission_id"' in said[next(line for line in said if "limit=20" in line)]
    assert said[next(line for line in said if "etag-compare" in line)] == "", "an unchanged list is not sent again"
