"""A Keras model's configuration as a graph that can be edited: Sequential and Functional, Keras 2 and 3."""

from __future__ import annotations

import copy
from typing import Any

ADDED = "ty_"
"""Prefix of the names of layers that a move added."""
CHANNEL = f"{ADDED}channel"
"""The layer that gives images without a channel axis one."""


class MoveError(Exception):
    """A move does not fit this model; the text says why. The model is left as it was."""


class Graph:
    """Layers and who feeds whom.

    Args:
        config: `model.get_config()`. It is copied, never changed.
        sequential: whether the model is a plain chain of layers.
    """

    def __init__(self, config: dict[str, Any], sequential: bool) -> None:
        self.sequential = sequential
        self._config = copy.deepcopy(config)
        for layer in self.layers:
            # Keras 3 would build each layer for the shape it had before the edit.
            _forget_shapes(layer)

    @property
    def layers(self) -> list[dict[str, Any]]:
        """The serialised layers, inputs before outputs."""
        found: list[dict[str, Any]] = self._config["layers"]
        return found

    def config(self) -> dict[str, Any]:
        """The edited configuration, for `from_config`."""
        return copy.deepcopy(self._config)

    def layer(self, name: str) -> dict[str, Any]:
        """The layer of that name.

        Raises:
            MoveError: there is none.
        """
        for layer in self.layers:
            if name_of(layer) == name:
                return layer
        raise MoveError(f"there is no layer {name!r}")

    def names(self) -> list[str]:
        return [name_of(layer) for layer in self.layers]

    def outputs(self) -> list[str]:
        """Names of the layers whose outputs are the model's."""
        if self.sequential:
            return self.names()[-1:]
        return [reference[0] for reference in _references(self._config["output_layers"])]

    def inputs_of(self, name: str) -> list[str]:
        """Names of the layers that feed this one, in the order of its arguments."""
        if self.sequential:
            place = self.names().index(name)
            return self.names()[place - 1 : place] if place else []
        return [reference[0] for reference in _references(self.layer(name).get("inbound_nodes", []))]

    def fed_by(self, name: str) -> list[str]:
        """Names of the layers that this one feeds."""
        return [other for other in self.names() if name in self.inputs_of(other)]

    def insert_after(self, name: str, layer: dict[str, Any]) -> None:
        """Puts a layer between `name` and everything that it feeds.

        Raises:
            MoveError: the name is taken, or `name` is used more than once, so that "after" is not one place.
        """
        if name_of(layer) in self.names():
            raise MoveError(f"there is already a layer {name_of(layer)!r}")
        place = self.names().index(name_of(self.layer(name)))
        if self.sequential:
            self.layers.insert(place + 1, layer)
            return
        if len(self.layers[place].get("inbound_nodes", [])) > 1:
            raise MoveError(f"layer {name!r} is used more than once")
        node = self._node_from(name)
        for other in self.layers:
            for reference in _references(other.get("inbound_nodes", [])):
                if reference[0] == name:
                    reference[0] = name_of(layer)
        for reference in _references(self._config["output_layers"]):
            if reference[0] == name:
                reference[0] = name_of(layer)
        self.layers.insert(place + 1, {**layer, "name": name_of(layer), "inbound_nodes": [node]})

    def replace(self, name: str, layer: dict[str, Any]) -> None:
        """Puts another layer, of the same name or another, in the place of `name`."""
        old = self.layer(name)
        place = self.layers.index(old)
        if self.sequential:
            self.layers[place] = layer
            return
        self.layers[place] = {**layer, "name": name_of(layer), "inbound_nodes": old.get("inbound_nodes", [])}
        for other in self.layers:
            for reference in _references(other.get("inbound_nodes", [])):
                if reference[0] == name:
                    reference[0] = name_of(layer)
        for reference in _references(self._config["output_layers"]):
            if reference[0] == name:
                reference[0] = name_of(layer)

    def remove(self, name: str) -> None:
        """Takes a layer with one input out, joining what feeds it to what it feeds."""
        layer = self.layer(name)
        if not self.sequential:
            (feeder,) = self.inputs_of(name)
            for other in self.layers:
                for reference in _references(other.get("inbound_nodes", [])):
                    if reference[0] == name:
                        reference[0] = feeder
            for reference in _references(self._config["output_layers"]):
                if reference[0] == name:
                    reference[0] = feeder
        self.layers.remove(layer)

    def _node_from(self, name: str) -> Any:
        """An inbound node that reads the only output of `name`, in the form that this configuration uses."""
        if any(isinstance(node, dict) for other in self.layers for node in other.get("inbound_nodes", [])):
            tensor = {
                "class_name": "__keras_tensor__",
                "config": {"shape": [None, 1], "dtype": "float32", "keras_history": [name, 0, 0]},
            }
            return {"args": [tensor], "kwargs": {}}
        return [[name, 0, 0, {}]]


def name_of(layer: dict[str, Any]) -> str:
    """The name of a serialised layer."""
    return str(layer.get("name") or layer["config"]["name"])


def entry(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    """A serialised layer of Keras' own, readable by Keras 2 and 3; anything not given takes its default."""
    return {
        "module": "keras.layers",
        "class_name": class_name,
        "config": {"name": name, **config},
        "registered_name": None,
    }


def _forget_shapes(layer: dict[str, Any]) -> None:
    layer.pop("build_config", None)
    for inside in ("layer", "backward_layer"):
        if isinstance(wrapped := layer.get("config", {}).get(inside), dict):
            _forget_shapes(wrapped)


def _references(node: Any) -> list[list[Any]]:
    """Every `[layer, node, tensor, ...]` reference inside a node: the lists themselves, to be changed.

    Keras 3 wraps them in `__keras_tensor__` dicts; Keras 2 nests them plainly.
    """
    if isinstance(node, dict):
        if "keras_history" in node:
            return [node["keras_history"]]
        return [found for value in node.values() for found in _references(value)]
    if isinstance(node, list | tuple):
        if (
            isinstance(node, list)
            and len(node) >= 3
            and isinstance(node[0], str)
            and isinstance(node[1], int)
        ):
            return [node]
        return [found for value in node for found in _references(value)]
    return []
