"""The names of settings: `container.memory`, `agents.reviewer.env.LOG_LEVEL`. Read off the dataclasses themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import Any

from scopecraft.config.settings import BUILT_IN, AgentSettings, Settings
from scopecraft.errors import BadInput
from scopecraft.model.text import clean_line

Key = tuple[str, ...]
ANY_AGENT = "<name>"
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^".\s]+)')
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key_of(text: str, agents: Iterable[str] = ()) -> Key:
    """The key as parts; a part with odd letters stands in quotes, as in TOML. BadInput names the nearest key."""
    parts = parts_of(text)
    if parts and field_at(parts) is not None:
        return parts
    near = nearest(text, agents)
    hint = f"did you mean: {', '.join(near)}?" if near else "see all of them: sc config --all"
    raise BadInput(f"there is no setting {clean_line(text, 80)!r}", hint)


def parts_of(text: str) -> Key:
    """Empty for what cannot be a key."""
    found: list[str] = []
    at = 0
    while match := _PART.match(text, at):
        found.append(match[2] if match[1] is None else json.loads(f'"{match[1]}"', strict=False))
        at = match.end()
        if at == len(text):
            return tuple(found)
        if text[at] != ".":
            break
        at += 1
    return ()


def key_text(key: Key) -> str:
    return ".".join(part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False) for part in key)


def field_at(key: Key) -> Field[Any] | None:
    """The field of a setting or, below `env`, of the table that holds it; None for what is no setting."""
    match key:
        case (name,):
            return next((each for each in _leaves(Settings) if each.name == name), None)
        case ("agents", agent, name) if agent:
            return next((each for each in fields(AgentSettings) if each.name == name), None)
        case ("agents", agent, "env", variable) if agent and variable:
            return next(each for each in fields(AgentSettings) if each.name == "env")
        case ("checks", "commands", check) if check:
            return next(each for each in fields(sections()["checks"]) if each.name == "commands")
        case (section, name) if section in sections():
            return next((each for each in fields(sections()[section]) if each.name == name), None)
    return None


def kind_of(key: Key) -> str:
    """The annotation, as the source has it, without what checks it and without `None`."""
    field = field_at(key)
    assert field is not None
    if is_entry(key):
        return "str"
    return re.sub(r"Annotated\[(\w+), .*\]", r"\1", str(field.type)).removesuffix(" | None")


def is_entry(key: Key) -> bool:
    """Whether it is one value of a table that has any names: a variable of `env`, a check's command."""
    return len(key) == 4 or (len(key) == 3 and key[0] != "agents")


def is_optional(key: Key) -> bool:
    field = field_at(key)
    return field is not None and str(field.type).endswith(" | None")


def sections() -> dict[str, type]:
    """The tables of settings, by name; agents have a table each and are not among them."""
    return {each.name: type(each.default) for each in fields(Settings) if is_dataclass(each.default)}


def _leaves(section: type) -> list[Field[Any]]:
    return [each for each in fields(section) if each.name != "agents" and not is_dataclass(each.default)]


def known_keys(agents: Iterable[str] = ()) -> list[Key]:
    """Every key, in the order of the manual; those of agents for each of these names."""
    found: list[Key] = [(each.name,) for each in _leaves(Settings)]
    for section, kind in sections().items():
        found += [(section, each.name) for each in fields(kind)]
    return found + [("agents", agent, each.name) for agent in agents for each in fields(AgentSettings)]


def nearest(text: str, agents: Iterable[str] = ()) -> list[str]:
    """Keys that somebody may have meant, the nearest first."""
    from difflib import get_close_matches

    parts = text.split(".")
    names = {*agents, *BUILT_IN, *(parts[1:2] if parts[0] == "agents" and len(parts) > 2 else ())}
    known = [key_text(key) for key in known_keys(sorted(names))]
    ends = [key for key in known if key.rpartition(".")[2] == parts[-1]]
    return list(dict.fromkeys([*ends, *get_close_matches(text, known, n=3, cutoff=0.6)]))[:3]


def default_of(key: Key) -> object:
    """Of an agent that is there without being named, what it is then."""
    field = field_at(key)
    assert field is not None
    if is_entry(key):
        return None
    if key[0] == "agents" and key[1] in BUILT_IN:
        return getattr(BUILT_IN[key[1]], key[2])
    return field.default if field.default_factory is MISSING else field.default_factory()


def keys_in(document: Mapping[str, Any]) -> Iterator[Key]:
    """What a valid document sets, one key a value; each entry of a table with any names is a value of its own."""
    for name, value in document.items():
        if name == "agents":
            for agent, table in value.items():
                yield from _keys_of_agent(agent, table)
        elif isinstance(value, Mapping):
            for each, inner in value.items():
                if isinstance(inner, Mapping):
                    yield from ((name, each, entry) for entry in inner)
                else:
                    yield (name, each)
        else:
            yield (name,)


def _keys_of_agent(agent: str, table: Mapping[str, Any]) -> Iterator[Key]:
    if not table and agent not in BUILT_IN:
        yield ("agents", agent, "dialect")  # naming it is enough to make it
    for name, value in table.items():
        if name == "env":
            yield from (("agents", agent, "env", variable) for variable in value)
        else:
            yield ("agents", agent, name)


def value_at(settings: Settings, key: Key) -> object:
    """None for an agent, a variable or a check that is not there."""
    if key[0] != "agents":
        value: Any = settings
        for part in key:
            value = value.get(part) if isinstance(value, dict) else getattr(value, part)
        return value
    agent = settings.agents.get(key[1]) or BUILT_IN.get(key[1])
    if agent is None:
        return None
    return agent.env.get(key[3]) if len(key) == 4 else getattr(agent, key[2])


def assembled(values: Mapping[Key, Any]) -> Settings:
    """The settings with these values, the rest at its defaults; a built-in agent begins as what it is."""
    settings = Settings()
    agents: dict[str, AgentSettings] = {}
    for key, value in values.items():
        match key:
            case (name,):
                settings = replace(settings, **{name: value})
            case ("agents", name, field):
                agents[name] = replace(agents.get(name) or _new_agent(name), **{field: value})
            case ("agents", name, "env", variable):
                agent = agents.get(name) or _new_agent(name)
                agents[name] = replace(agent, env={**agent.env, variable: str(value)})
            case (section, field, entry):
                table = getattr(settings, section)
                put = {**getattr(table, field), entry: str(value)}
                settings = replace(settings, **{section: replace(table, **{field: put})})
            case (section, field):
                settings = replace(settings, **{section: replace(getattr(settings, section), **{field: value})})
    return replace(settings, agents=agents)


def _new_agent(name: str) -> AgentSettings:
    return BUILT_IN.get(name) or AgentSettings()
