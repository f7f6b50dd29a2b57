"""The workflow file for those who host the project on GitHub runs what everybody runs, and keeps the pictures."""

from __future__ import annotations

import os

from ruamel.yaml import YAML

from tests.support.browser import PICTURES
from tests.support.documents import ROOT

FILE = ROOT / ".github" / "workflows" / "test.yml"


def test_the_hosted_run_is_the_script_that_everybody_runs() -> None:
    workflow = YAML(typ="safe").load(FILE.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    run = [step["run"] for step in job["steps"] if "run" in step]
    assert ".ci/run" in run
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK) and "script/test" in script.read_text(encoding="utf-8")
    (upload,) = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert upload["if"] == "always()" and upload["with"]["include-hidden-files"]
    assert f"{PICTURES.relative_to(ROOT)}/" in upload["with"]["path"].splitlines()
