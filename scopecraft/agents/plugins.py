"""Dialects of other packages, by the entry-point group `scopecraft.dialects`.

    [project.entry-points."scopecraft.dialects"]
    robot = "robot_dialect:Robot"          a class, or a function, that called without arguments gives a Dialect

They are asked only for names that are not built in, so none can take a built-in's place. What another package does
wrong is one sentence: nothing of it may end a session's record or a list.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from scopecraft.agents.base import Dialect
from scopecraft.errors import AgentMissing, BadInput
from scopecraft.model.activity import Reading
from scopecraft.model.launch import AgentCommand, AgentRequest
from scopecraft.model.window import UNKNOWN_STATE, DispatchState, WindowView

GROUP = "scopecraft.dialects"
_MEMBERS = sorted(name for name in vars(Dialect) if not name.startswith("_"))


def plugin_dialect(name: str, built_in: tuple[str, ...]) -> Dialect:
    """Raises BadInput, naming the choices, for an unknown name; AgentMissing for a plugin that does not work."""
    found = entry_points(group=GROUP)
    ours = [each for each in found if each.name == name]
    if not ours:
        choices = sorted({*built_in, *(each.name for each in found)})
        raise BadInput(f"no dialect is called {name!r}", f"dialects: {', '.join(choices)}")
    if len({each.value for each in ours}) > 1:
        raise AgentMissing(
            f"{len(ours)} packages bring a dialect called {name!r}: {', '.join(sorted(map(_origin, ours)))}",
            "uninstall all but one of them",
        )
    return cast(Dialect, _Guarded(name, _made(ours[0])))


def _made(point: EntryPoint) -> Any:
    try:
        made = point.load()()
    except Exception as error:  # foreign code may raise anything; it is named
        raise _broken(point, f"{type(error).__name__}: {error}".splitlines()[0]) from error
    missing = [member for member in _MEMBERS if not hasattr(made, member)]
    if missing:
        raise _broken(point, f"it has no {', '.join(missing)}")
    return made


def _broken(point: EntryPoint, why: str) -> AgentMissing:
    return AgentMissing(
        f"the dialect {point.name!r} of {_origin(point)} cannot be used: {why}",
        "mend or update that package, or choose another dialect in the settings",
    )


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} ({point.value})" if point.dist is not None else point.value


class _Guarded:
    """A plugin's dialect under the name of its entry point; where it must not raise, it does not."""

    def __init__(self, name: str, plugin: Any) -> None:
        self.name = name
        self._plugin = plugin
        self.program: str = plugin.program
        self.credential_names: tuple[str, ...] = tuple(plugin.credential_names)
        self.environment_names: tuple[str, ...] = tuple(plugin.environment_names)
        self.has_result: bool = plugin.has_result
        self.takes_conversation_id: bool = plugin.takes_conversation_id
        self.totals_span_conversation: bool = plugin.totals_span_conversation
        self.talk = getattr(plugin, "talk", None)  # how it is spoken to, where it knows more than to type

    def headless(self, request: AgentRequest) -> AgentCommand:
        return cast(AgentCommand, self._plugin.headless(request))

    def interactive(self, request: AgentRequest) -> AgentCommand:
        return cast(AgentCommand, self._plugin.interactive(request))

    def entries(self, line: bytes) -> Reading:
        try:
            return cast(Reading, self._plugin.entries(line))
        except Exception:  # noqa: BLE001  foreign code: its line counts as damaged, and the stream goes on
            return [], "damaged", None

    def window_state(self, view: WindowView) -> DispatchState:
        try:
            return cast(DispatchState, self._plugin.window_state(view))
        except Exception:  # noqa: BLE001  foreign code: one window must not hide the others
            return UNKNOWN_STATE

    def turn_started(self, view: WindowView, since: str) -> bool | None:
        try:
            return cast("bool | None", self._plugin.turn_started(view, since))
        except Exception:  # noqa: BLE001  foreign code
            return None
