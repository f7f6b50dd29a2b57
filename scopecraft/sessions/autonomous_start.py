"""Starting what works by itself: an agent in a container, or one call of a model."""

from __future__ import annotations

from scopecraft.model.session import Session
from scopecraft.sessions.context import Context
from scopecraft.sessions.request import StartRequest


def start_autonomous(context: Context, request: StartRequest) -> Session:
    """Raises what either start raises."""
    if request.step is not None and request.step.is_call:
        from scopecraft.sessions.llm_start import start_llm

        return start_llm(context, request)
    from scopecraft.sessions.container_start import start_container

    return start_container(context, request)
