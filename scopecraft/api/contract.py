"""Section 1 of the HTTP contract: every route of it, in an envelope of `success`, `data` and `error`."""

from __future__ import annotations

from fastapi import APIRouter

from scopecraft.api import (
    artifact_routes,
    branch_routes,
    execution_routes,
    git_routes,
    mission_list_routes,
    mission_move_routes,
    mission_routes,
    system_routes,
    transcribe_routes,
    workflow_routes,
)

ROUTERS: tuple[APIRouter, ...] = (
    mission_list_routes.router,
    mission_routes.router,
    mission_move_routes.router,
    artifact_routes.router,
    git_routes.router,
    branch_routes.router,
    execution_routes.router,
    workflow_routes.router,
    system_routes.router,
    transcribe_routes.router,
)
