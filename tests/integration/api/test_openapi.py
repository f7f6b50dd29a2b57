"""/openapi.json is complete and true: every route stands there, and a stranger's requests are answered as it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from scopecraft.api.app import ROUTERS
from scopecraft.api.openapi import DescribedApp
from tests.support.command_line import environment, sc
from tests.support.gated import gated
from tests.support.missions import make_desk
from tests.support.served import Served, served
from tests.support.standing_missions import stand

NOBODY = "m-0123456789abcdef"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# What would start a container or an agent, or end the server's own world; and what says 503 by its nature.
LEFT_OUT = (
    "/api/missions/{mission_id}/run-command",
    "/api/transcribe",
    "/api/system/cleanup-containers",
)


def test_every_route_of_the_api_is_described_with_what_it_answers() -> None:
    app = DescribedApp(title="scopecraft", version="0")
    for router in ROUTERS:
        app.include_router(router)
    document = app.openapi()
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    for route in routes:
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            assert operation["summary"], route.path
            assert {"4XX", "5XX"} <= set(operation["responses"]), route.path
            assert "422" not in operation["responses"], route.path
            (content,) = next(row for code, row in operation["responses"].items() if code[0] == "2")["content"].items()
            assert content[0] != "application/json" or content[1]["schema"], route.path
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_a_stranger_is_answered_as_the_description_says_where_missions_stand(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    missions = [NOBODY, gated(desk).at_plan().id, stand(desk.home, "reviewed", "research", "review", "build").id]
    with served() as server:
        said = conformance(server, tmp_path, missions, "coverage,fuzzing")
    assert said.returncode == 0, said.stdout[-6000:]


def test_a_stranger_is_answered_as_the_description_says_in_an_empty_home(tmp_path: Path) -> None:
    assert sc("init").code == 0
    with served() as server:
        page = server.client.get("/docs").text
        described = server.client.get("/openapi.json").json()
        said = conformance(server, tmp_path, [NOBODY], "fuzzing")
    assert said.returncode == 0, said.stdout[-6000:]
    assert [path for path in described["paths"] if f"<code>{path}</code>" not in page] == []


def conformance(server: Served, folder: Path, missions: list[str], phases: str) -> subprocess.CompletedProcess[str]:
    document = server.client.get("/openapi.json").json()
    for path in LEFT_OUT:
        del document["paths"][path]
    _name_missions(document, missions)
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    options = ("--checks", CHECKS, "--phases", phases, "--max-examples", "3", "--seed", "1")
    quiet = ("--no-color", "--no-shrink", "--generation-database", "none", "--warnings", "off", "--continue-on-failure")
    token = f"Authorization: {server.client.headers['authorization']}"
    program = (sys.executable, "-m", "schemathesis.cli", "run", str(file), "--url", server.address, "-H", token)
    return subprocess.run(
        [*program, *options, *quiet], env=environment(), cwd=folder, capture_output=True, text=True, timeout=120
    )


def _name_missions(document: dict[str, Any], missions: list[str]) -> None:
    """Names that exist, so that more than 404 is seen."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "mission_id" and parameter["in"] == "path":
                    parameter["schema"] = {"type": "string", "enum": missions}
                    parameter.pop("example", None)
                    parameter.pop("examples", None)
