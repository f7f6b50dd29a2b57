"""Where values come from: default < home < project < environment < flag. Each value knows its layer and its place."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scopecraft.config.checking import validated
from scopecraft.config.keys import Key, assembled, default_of, keys_in, value_at
from scopecraft.config.paths import Home
from scopecraft.config.settings import Settings
from scopecraft.errors import BadSettings

LayerName = Literal["default", "home", "project", "environment", "flag"]


@dataclass(frozen=True, slots=True)
class Value:
    """`where` is the file, the variable or the option that says so, as a person would look for it."""

    value: object
    where: str


@dataclass(frozen=True, slots=True)
class Layer:
    name: LayerName
    values: Mapping[Key, Value]


@dataclass(frozen=True)
class Effective:
    """Layers from the weakest to the strongest, and what they come to."""

    layers: tuple[Layer, ...] = ()

    @functools.cached_property
    def settings(self) -> Settings:
        return assembled({key: each.value for layer in self.layers for key, each in layer.values.items()})

    def set_keys(self) -> list[Key]:
        """What any layer sets."""
        return list(dict.fromkeys(key for layer in self.layers for key in layer.values))

    def origin(self, key: Key) -> tuple[LayerName, Value]:
        """The layer that wins, and what it says."""
        return self.said(key)[-1]

    def said(self, key: Key) -> list[tuple[LayerName, Value]]:
        """What each layer says, the weakest first; the default always."""
        default: tuple[LayerName, Value] = ("default", Value(default_of(key), ""))
        return [default, *((layer.name, layer.values[key]) for layer in self.layers if key in layer.values)]

    def value(self, key: Key) -> object:
        return value_at(self.settings, key)

    def with_layer(self, layer: Layer | None) -> Effective:
        return Effective((*self.layers, layer)) if layer is not None and layer.values else self


def layer_of(name: LayerName, where: str, document: Mapping[str, Any]) -> Layer:
    """A document of TOML as a layer. BadSettings names `where`, the key and the reason."""
    if not document:
        return Layer(name, {})
    settings = validated(where, document)
    return Layer(name, {key: Value(value_at(settings, key), where) for key in keys_in(document)})


def document_of(text: bytes, where: str) -> dict[str, Any]:
    """TOML as a document; BadSettings names `where`."""
    import tomllib  # most homes have no such file

    try:
        return tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadSettings(f"{where} is not valid TOML: {error}", "mend the file, or move it away") from error


def home_layer(home: Home) -> Layer:
    file = home.settings_file
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return Layer("home", {})
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error.strerror}") from error
    return layer_of("home", str(file), document_of(text, str(file)))


def load_settings(home: Home) -> Settings:
    """What the home alone says. BadSettings names the file, the key and the reason."""
    return Effective((home_layer(home),)).settings
