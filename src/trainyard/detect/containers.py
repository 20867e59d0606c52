"""Lists and dicts as abstract values: what iterating, indexing and their methods give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trainyard.detect.values import (
    MAX_ALTERNATIVES,
    UNKNOWN,
    Cls,
    Const,
    Fn,
    Lib,
    Made,
    Map,
    Obj,
    Seq,
    Values,
    join,
)

MAX_KEYS = 64
"""Keys of one dict that are told apart."""


def elements(values: Values, of_values: bool = False) -> Values:
    """What iterating over `values` yields (a dict: its keys, or its values)."""
    out: Values = UNKNOWN
    for value in values:
        inside: Iterable[Values] = ()
        if isinstance(value, Seq):
            inside = value.items
        elif isinstance(value, Map) and of_values:
            inside = value.items.values()
        elif isinstance(value, Map):
            keyed = value.items.get(None, UNKNOWN)
            inside = (tuple(v for v in keyed if isinstance(v, Made | Obj | Fn | Cls | Lib)),)
        for item in inside:
            out = join(out, item)
            if len(out) >= MAX_ALTERNATIVES:
                return out
    return out


def put(owner: Map, label: Any, values: Values) -> None:
    """`owner[label] = values`; a dict of very many keys keeps the further ones together."""
    if not values:
        owner.items.pop(label, None)
    elif label in owner.items or len(owner.items) < MAX_KEYS:
        owner.items[label] = values
    else:
        owner.items[None] = join(owner.items.get(None, UNKNOWN), values)


def list_method(owner: Seq, name: str, args: list[Values]) -> Values:
    if name in ("append", "add", "insert", "appendleft") and args and len(owner.items) < 64:
        owner.items.append(args[-1])
    elif name == "extend" and args:
        for value in args[0]:
            if isinstance(value, Seq):
                owner.items.extend(value.items[:32])
    elif name in ("pop", "popleft"):
        return elements((owner,))
    elif name == "copy":
        return (owner,)
    return UNKNOWN


def dict_method(owner: Map, name: str, args: list[Values]) -> Values:
    if name == "items":
        pairs: list[Values] = []
        for key, values in owner.items.items():
            keyed: Values = (
                (Const(key),) if key is not None else tuple(v for v in values if isinstance(v, Made | Obj))
            )
            pairs.append((Seq([keyed, values]),))
        return (Seq(pairs),)
    if name == "values":
        return (Seq(list(owner.items.values())),)
    if name in ("get", "pop", "setdefault"):
        label = args[0][0].value if args and len(args[0]) == 1 and isinstance(args[0][0], Const) else None
        found = owner.items.get(label, UNKNOWN) if isinstance(label, str | int) else UNKNOWN
        rest = args[1] if len(args) > 1 else UNKNOWN
        return join(found or elements((owner,), of_values=True), rest)
    if name == "update" and args:
        for value in args[0]:
            if isinstance(value, Map):
                for label, values in list(value.items.items()):
                    put(owner, label, values)
    if name == "copy":
        return (owner,)
    return UNKNOWN
