"""Lists and dicts as abstract values: what iterating, indexing and their methods give."""

from __future__ import annotations

from trainyard.detect.values import (
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


def elements(values: Values, of_values: bool = False) -> Values:
    """What iterating over `values` yields (a dict: its keys, or its values)."""
    out: Values = UNKNOWN
    for value in values:
        if isinstance(value, Seq):
            for item in value.items:
                out = join(out, item)
        elif isinstance(value, Map):
            if of_values:
                for item in value.items.values():
                    out = join(out, item)
            else:
                keyed = value.items.get(None, UNKNOWN)
                out = join(out, tuple(v for v in keyed if isinstance(v, Made | Obj | Fn | Cls | Lib)))
    return out


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
                owner.items.update(value.items)
    if name == "copy":
        return (owner,)
    return UNKNOWN
