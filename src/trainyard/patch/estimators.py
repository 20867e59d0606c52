"""Patches scripts of scikit-learn and of the boosting libraries that have its interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import libcst as cst

from trainyard.patch import names, written
from trainyard.patch.source import Source, Sources, UnpatchableError
from trainyard.patch.syntax import add_keyword, argument, callee, insert_element, unpacks
from trainyard.patch.values import Demand, literal, settle, trail
from trainyard.runs.files import Move

_SCALER = "StandardScaler(with_mean=False)"
"""As in the trials: sparse inputs can't be centred."""


def patch(sources: Sources, entry: str, base: Mapping[str, Any], moves: Sequence[Move]) -> None:
    """Gives the script's estimator the winner's parameters and, where the winner has one, a scaler.

    Args:
        entry: the script; the estimator is looked for in it.
        base: trial 0's architecture.json.

    Raises:
        UnpatchableError: which call makes the estimator does not show.
    """
    source = sources.of(entry)
    described = base.get("estimator")
    described = described if isinstance(described, Mapping) else {}
    steps = {str(one.get("name")): _short(one) for one in described.get("steps") or []}
    for move in moves:
        if move.kind == "set_params":
            for name, value in move.args["params"].items():
                step, _, parameter = name.rpartition("__")
                if step and step not in steps:
                    raise UnpatchableError(f"{name} is a parameter of a part of a part")
                call = _call(source, steps[step] if step else _short(described))
                _parameter(sources, source, call, parameter, value)
        elif move.kind != "scale_inputs":
            raise UnpatchableError(f"a move of kind {move.kind} has no form in source")
    if any(move.kind == "scale_inputs" for move in moves):  # last: it goes around the call that was changed
        _scale(source, described, steps)


def _short(described: Mapping[str, Any]) -> str:
    return str(described.get("class", "")).rsplit(".", 1)[-1]


def _call(source: Source, kind: str) -> cst.Call:
    """The call that makes the estimator of this class; of several the one that is fitted."""
    made = [one for one in source.nodes(cst.Call) if names.class_named(source, one) == kind]
    if len(made) > 1:
        fitted = {
            one.func.value.value
            for one in source.nodes(cst.Call)
            if callee(one) == "fit" and isinstance(one.func, cst.Attribute)
            and isinstance(one.func.value, cst.Name)
        }  # fmt: skip
        made = [one for one in made if _variable(source, one) in fitted]
    if len(made) != 1:
        many = f"{len(made)} calls make" if made else "no call makes"
        raise UnpatchableError(f"{source.file}: {many} a {kind}, and which is meant does not show")
    return made[0]


def _variable(source: Source, call: cst.Call) -> str | None:
    parent = source.parent(call)
    if isinstance(parent, cst.Assign) and isinstance(parent.targets[0].target, cst.Name):
        return parent.targets[0].target.value
    return None


_FIRST = {
    "RandomForestClassifier": "n_estimators",
    "RandomForestRegressor": "n_estimators",
    "ExtraTreesClassifier": "n_estimators",
    "ExtraTreesRegressor": "n_estimators",
    "KNeighborsClassifier": "n_neighbors",
    "KNeighborsRegressor": "n_neighbors",
    "MLPClassifier": "hidden_layer_sizes",
    "MLPRegressor": "hidden_layer_sizes",
    "Ridge": "alpha",
    "Lasso": "alpha",
    "ElasticNet": "alpha",
}
"""The one parameter that these classes take by position."""


def _parameter(sources: Sources, source: Source, call: cst.Call, name: str, value: Any) -> None:
    position = 0 if _FIRST.get(names.class_named(source, call)) == name else None
    arg, text = argument(call, name, position), written.value(source, value)
    if arg is not None:
        found = trail(sources, source, (), arg.value)
        old = literal(found[-1].node, found[-1].source)
        settle([Demand(found, old, text, changed=True)])
    elif unpacks(call):
        raise UnpatchableError(f"{source.at(call)}: its arguments come out of a variable")
    else:
        add_keyword(source, call, name, text)


def _scale(source: Source, described: Mapping[str, Any], steps: Mapping[str, str]) -> None:
    names.imported(source, "sklearn.preprocessing", "StandardScaler")
    if not steps:
        call = _call(source, _short(described))
        names.imported(source, "sklearn.pipeline", "make_pipeline")
        scaler = source.expression(_SCALER)

        def wrap(inner: cst.Call) -> cst.Call:
            return cst.Call(func=cst.Name("make_pipeline"), args=[cst.Arg(scaler), cst.Arg(inner)])

        source.change(call, wrap)
        return
    for call in source.nodes(cst.Call):
        kind = names.class_named(source, call)
        if kind == "make_pipeline" and not unpacks(call) and len(call.args) == len(steps):
            _scale_before_last(source, call)
            return
        listed = argument(call, "steps", 0)
        if kind == "Pipeline" and listed is not None and isinstance(listed.value, cst.List):
            step = f"({source.quoted('scaler')}, {_SCALER})"
            insert_element(source, listed.value, len(listed.value.elements) - 2, [step])
            return
    raise UnpatchableError(f"{source.file}: where the pipeline is made does not show")


def _scale_before_last(source: Source, call: cst.Call) -> None:
    place = len(call.args) - 1
    scaler = cst.Arg(source.expression(_SCALER), comma=call.args[place - 1].comma)

    def change(updated: cst.Call) -> cst.Call:
        return updated.with_changes(args=[*updated.args[:place], scaler, *updated.args[place:]])

    source.change(call, change)
