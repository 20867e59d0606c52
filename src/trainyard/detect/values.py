"""The abstract values that detection computes with instead of running code.

An expression evaluates to a tuple of these (all that it may be); the empty tuple is "anything".
"""

from __future__ import annotations

import ast
from typing import Any

MAX_ALTERNATIVES = 20
"""A variable that may be more different things than this keeps the first ones."""


class Value:
    """Base of all abstract values."""

    __slots__ = ()

    def key(self) -> Any:
        """Equal keys mean: interchangeable as a function's argument."""
        return id(self)


Values = tuple[Value, ...]
UNKNOWN: Values = ()


class Lib(Value):
    """Something of a library, by its dotted name as imported (`tensorflow.keras.layers.Dense`)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def key(self) -> Any:
        return self.name


class Made(Value):
    """What a call of a library object returned: a layer, a model, an estimator, an array."""

    __slots__ = ("file", "kwargs", "line", "maker", "parts")

    def __init__(
        self, maker: str, parts: list[Values], kwargs: dict[str, Values], file: str, line: int
    ) -> None:
        self.maker = maker
        self.parts = parts
        self.kwargs = kwargs
        self.file = file
        self.line = line

    def key(self) -> Any:
        return ("made", self.maker)


class Attr(Value):
    """An attribute of something that is not a local object: a method, or data such as `base.output`."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Value, name: str) -> None:
        self.owner = owner
        self.name = name

    def key(self) -> Any:
        return ("attr", self.owner.key(), self.name)


class Const(Value):
    """A literal string, number, boolean or None."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def key(self) -> Any:
        return "const"


class Seq(Value):
    """A list, tuple or set: `items` by position."""

    __slots__ = ("items",)

    def __init__(self, items: list[Values]) -> None:
        self.items = items

    def key(self) -> Any:
        return ("seq", tuple(v.key() for vs in self.items[:8] for v in vs if not isinstance(v, Seq | Map)))


class Map(Value):
    """A dict: literal keys apart, everything else under None."""

    __slots__ = ("items",)

    def __init__(self, items: dict[Any, Values]) -> None:
        self.items = items

    def key(self) -> Any:
        return (
            "map",
            tuple(
                v.key() for vs in list(self.items.values())[:8] for v in vs if not isinstance(v, Seq | Map)
            ),
        )


class Scope:
    """Names of one function call, class body or module; `parent` is where names are looked up next."""

    __slots__ = ("globals_", "module", "names", "parent", "returns", "stars")

    def __init__(self, module: Any, parent: Scope | None) -> None:
        self.module = module
        self.parent = parent
        self.names: dict[str, Values] = {}
        self.globals_: set[str] = set()
        self.returns: Values = UNKNOWN
        self.stars: list[str] = []


class Fn(Value):
    """A function or lambda of the repository, with the object it is bound to, if any."""

    __slots__ = ("bound", "node", "owner", "scope")

    def __init__(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        scope: Scope,
        bound: Value | None = None,
        owner: Cls | None = None,
    ) -> None:
        self.node = node
        self.scope = scope
        self.bound = bound
        self.owner = owner

    def key(self) -> Any:
        return ("fn", id(self.node))


class Cls(Value):
    """A class of the repository."""

    __slots__ = ("bases", "body", "node", "scope")

    def __init__(self, node: ast.ClassDef, scope: Scope, bases: Values, body: Scope) -> None:
        self.node = node
        self.scope = scope
        self.bases = bases
        self.body = body

    def key(self) -> Any:
        return ("cls", id(self.node))


class Obj(Value):
    """An instance of a class of the repository."""

    __slots__ = ("attrs", "cls", "line")

    def __init__(self, cls: Cls, line: int) -> None:
        self.cls = cls
        self.attrs: dict[str, Values] = {}
        self.line = line

    def key(self) -> Any:
        return ("obj", id(self.cls.node))


class Super(Value):
    """`super()` inside a method."""

    __slots__ = ("bound", "owner")

    def __init__(self, bound: Value, owner: Cls) -> None:
        self.bound = bound
        self.owner = owner


class Mod(Value):
    """A module or package of the repository; `source` is None for a folder without `__init__.py`."""

    __slots__ = ("dotted", "folder", "source")

    def __init__(self, source: Any, folder: str | None, dotted: str) -> None:
        self.source = source
        self.folder = folder
        self.dotted = dotted

    def key(self) -> Any:
        return ("mod", self.folder, self.dotted)


def join(a: Values, b: Values) -> Values:
    """Either: the union, without doubles, bounded."""
    if not a or a is b:
        return b
    if not b:
        return a
    out = list(a)
    known = {id(v) for v in a}
    keys: set[Any] | None = None
    for v in b:
        if len(out) >= MAX_ALTERNATIVES:
            break
        if id(v) in known:
            continue
        if isinstance(v, Lib | Fn | Cls | Mod | Attr):
            if keys is None:
                keys = {o.key() for o in a if isinstance(o, Lib | Fn | Cls | Mod | Attr)}
            if v.key() in keys:
                continue
        out.append(v)
    return tuple(out)


def bases_of(cls: Cls, depth: int = 0) -> list[str]:
    """The library classes that a local class inherits from, directly or through local classes."""
    found: list[str] = []
    if depth > 8:
        return found
    for base in cls.bases:
        if isinstance(base, Lib):
            found.append(base.name)
        elif isinstance(base, Cls):
            found += bases_of(base, depth + 1)
    return found


def find_in_class(cls: Cls, name: str, depth: int = 0) -> Values:
    """A method or class attribute, along the local bases."""
    found = cls.body.names.get(name, UNKNOWN)
    if found or depth > 8:
        return found
    for base in cls.bases:
        if isinstance(base, Cls):
            found = find_in_class(base, name, depth + 1)
            if found:
                return found
    return UNKNOWN


def strings(values: Values) -> list[str]:
    """The literal strings among the values."""
    return [v.value for v in values if isinstance(v, Const) and isinstance(v.value, str)]
