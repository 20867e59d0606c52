"""What a call does: enters functions of the repository, follows dynamic imports, hands library calls to `effects`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from trainyard.detect import effects
from trainyard.detect.events import Event
from trainyard.detect.knowledge.estimators import FIT_METHODS
from trainyard.detect.knowledge.names import canonical, last, root
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Cls,
    Const,
    Fn,
    Lib,
    Made,
    Map,
    Mod,
    Obj,
    Scope,
    Seq,
    Value,
    Values,
    bases_of,
    find_in_class,
    join,
    strings,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

FIT_NAMES = frozenset(
    {
        *FIT_METHODS,
        "train",
        "fit_one_cycle",
        "fine_tune",
        "train_on_batch",
        "search",
        "learn",
        "fit_transform",
    }
)
_OWN_TRAINERS = frozenset(
    [
        "fit",
        "train",
        "train_model",
        "training",
        "gradient_descent",
        "gradientdescent",
        "stochastic_gradient_descent",
        "sgd",
        "backprop",
        "backpropagation",
        "back_propagate",
        "backpropagate",
        "backward",
        "update_mini_batch",
        "train_network",
        "train_step",
        "optimize",
        "learn",
        "batch_gradient_descent",
        "run_training",
        "kmeans",
        "k_means",
        "perceptron",
        "train_weights",
        "build_tree",
    ]
)
# Registers handlers that somebody else calls on an event: a button's training is not reached by starting the script.
_EVENT_LIBRARIES = frozenset(
    [
        "tkinter",
        "Tkinter",
        "PyQt5",
        "PyQt6",
        "PySide2",
        "flask",
        "fastapi",
        "dash",
        "gradio",
        "kivy",
        "wx",
        "signal",
        "atexit",
        "bottle",
        "telebot",
        "PySimpleGUI",
    ]
)
_WRAPPERS = frozenset(
    ["functools.partial", "functools.wraps", "functools.lru_cache", "functools.cache", "jax.jit", "jax.vmap", "jax.pmap", "jax.checkpoint", "numba.njit", "numba.jit", "tensorflow.function", "torch.compile", "torch.no_grad", "torch.jit.script", "torch.nn.DataParallel", "copy.deepcopy", "copy.copy", "sklearn.base.clone", "torch.nn.parallel.DistributedDataParallel", "typing.cast", "flax.nn.jit", "ray.remote", "ray.put", "torch.quantization.prepare_qat", "accelerate.prepare", "builtins.list", "builtins.tuple", "builtins.sorted", "builtins.reversed", "builtins.set", "builtins.iter", "builtins.next", "keras.models.clone_model"]
)  # fmt: skip


MAX_GUESSED = 4
"""Local classes that a method of something unknown may belong to."""
_COMMON = frozenset(
    (
        "append add get set items keys values update pop close read write join format split strip copy extend sort index count open"
        " load save show plot predict transform reshape mean sum info debug error warning print reset step size to __init__ forward"
    ).split()
)


def call(run: Run, node: ast.Call, scope: Scope) -> Values:
    """Evaluates a call expression with all its consequences."""
    args: list[Values] = []
    for arg in node.args[:64]:
        if isinstance(arg, ast.Starred):
            for value in run.evaluate(arg.value, scope):
                args += value.items if isinstance(value, Seq) else []
        else:
            args.append(run.evaluate(arg, scope))
    kwargs: dict[str, Values] = {}
    for keyword in node.keywords:
        values = run.evaluate(keyword.value, scope)
        if keyword.arg is not None:
            kwargs[keyword.arg] = values
        else:
            for value in values:
                if isinstance(value, Map):
                    kwargs.update({k: v for k, v in value.items.items() if isinstance(k, str)})
    if isinstance(node.func, ast.Name) and node.func.id == "super":
        return next((f for f in _own_class(scope)), UNKNOWN)
    funcs = run.evaluate(node.func, scope)
    if not funcs:
        effects.unknown_call(run, node, args, kwargs)
        callbacks(run, args, kwargs, node)
        if isinstance(node.func, ast.Attribute):
            return by_name(run, node.func.attr, args, kwargs, node)
        return UNKNOWN
    out: Values = UNKNOWN
    for func in funcs:
        out = join(out, invoke(run, func, args, kwargs, node, scope))
    return out


def _own_class(scope: Scope) -> list[Values]:
    at: Scope | None = scope
    while at is not None:
        found = at.names.get("__class__")
        if found:
            return [found]
        at = at.parent
    return []


def invoke(
    run: Run, func: Value, args: list[Values], kwargs: dict[str, Values], node: ast.AST, scope: Scope
) -> Values:
    """Calls one possible callee."""
    line = getattr(node, "lineno", 0)
    if isinstance(func, Fn):
        _own_training(run, func, line)
        return run.call_fn(func, args, kwargs, node)
    if isinstance(func, Lib):
        return _library(run, func.name, args, kwargs, node, scope)
    if isinstance(func, Cls):
        return (instantiate(run, func, args, kwargs, line),)
    if isinstance(func, Obj):
        return _call_object(run, func, args, kwargs, node)
    if isinstance(func, Attr):
        return _method(run, func, args, kwargs, node)
    if isinstance(func, Made):
        parts: list[Values] = [(func,), *args]
        callbacks(run, args, kwargs, node)
        return (Made(func.maker, parts, kwargs, run.source.path, line),)
    return UNKNOWN


def instantiate(run: Run, cls: Cls, args: list[Values], kwargs: dict[str, Values], line: int) -> Obj:
    """A local class called: one object per kind of arguments, its `__init__` walked."""
    key = (id(cls.node), tuple(tuple(v.key() for v in vs[:4]) for vs in args[:8]), tuple(kwargs))
    known = run.objects.get(key)
    if known is not None:
        return known
    made = Obj(cls, line)
    run.objects[key] = made
    bases = bases_of(cls)
    for init in find_in_class(cls, "__init__"):
        if isinstance(init, Fn):
            run.call_fn(Fn(init.node, init.scope, made, init.owner), args, kwargs, cls.node)
    if not find_in_class(cls, "__init__"):
        for name, values in kwargs.items():
            made.attrs[name] = values  # dataclasses
    if bases:
        effects.subclass_made(run, made, bases, args, kwargs, line)
        for name in ("forward", "call", "__call__", "setup", "build"):
            for method in find_in_class(cls, name):
                if isinstance(method, Fn):
                    run.call_fn(Fn(method.node, method.scope, made, method.owner), [], {}, cls.node)
    return made


def late_attribute(run: Run, owner: Obj, name: str) -> Values:
    """`self.name` before anything set it: walks the method that sets it, as something must have called that."""
    key = (id(owner.cls.node), name)
    if key in run.late or run.depth > 10:
        return UNKNOWN
    run.late.add(key)
    for values in list(owner.cls.body.names.values()):
        for value in values:
            if isinstance(value, Fn) and _sets(value.node, name):
                run.call_fn(Fn(value.node, value.scope, owner, value.owner), [], {}, value.node)
    return owner.attrs.get(name, UNKNOWN)


def _sets(node: ast.AST, name: str) -> bool:
    for child in ast.walk(node):
        if isinstance(child, ast.Assign):
            for target in child.targets:
                if isinstance(target, ast.Attribute) and target.attr == name:
                    return isinstance(target.value, ast.Name) and target.value.id == "self"
    return False


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


def iterated(run: Run, values: Values, node: ast.AST) -> Values:
    """What a loop over `values` binds, entering the iterators of the repository's own classes."""
    out = elements(values)
    for value in values:
        if isinstance(value, Obj):
            for name in ("__next__", "__iter__", "__getitem__"):
                for method in find_in_class(value.cls, name):
                    if isinstance(method, Fn):
                        got = run.call_fn(Fn(method.node, method.scope, value, method.owner), [], {}, node)
                        out = join(out, elements(got) if name == "__iter__" else got)
    return out


def by_name(run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    """A method of something unknown: those of the few local classes that have one of that name."""
    owners = run.methods.get(name, [])
    if name in _COMMON or not 0 < len(owners) <= MAX_GUESSED or run.guessing > 1:
        return UNKNOWN
    out: Values = UNKNOWN
    run.guessing += 1
    for cls in owners:
        made = next((o for o in run.objects.values() if o.cls is cls), None) or instantiate(
            run, cls, [], {}, 0
        )
        for method in find_in_class(cls, name):
            if isinstance(method, Fn):
                _own_training(run, method, getattr(node, "lineno", 0))
                out = join(
                    out, run.call_fn(Fn(method.node, method.scope, made, method.owner), args, kwargs, node)
                )
    run.guessing -= 1
    return out


def callbacks(run: Run, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> None:
    """Functions handed to somebody: they will be called."""
    for values in (*args, *kwargs.values()):
        for value in values[:8]:
            if isinstance(value, Fn):
                _own_training(run, value, getattr(node, "lineno", 0))
                run.call_fn(value, [], {}, node)
            elif isinstance(value, Seq):
                for inner in elements((value,))[:8]:
                    if isinstance(inner, Fn):
                        run.call_fn(inner, [], {}, node)
            elif isinstance(value, Map):
                for inner in elements((value,), of_values=True)[:8]:
                    if isinstance(inner, Fn):
                        run.call_fn(inner, [], {}, node)


def _own_training(run: Run, fn: Fn, line: int) -> None:
    if isinstance(fn.node, ast.Lambda) or fn.node.name.lower() not in _OWN_TRAINERS:
        return
    source = fn.scope.module
    what = f"{fn.owner.node.name}.{fn.node.name}" if fn.owner is not None else fn.node.name
    sentence = f"{what} is the repository's own training function."
    run.event(Event("own", source.path, fn.node.lineno, sentence, detail=fn.node.name, name=what))


def _call_object(run: Run, func: Obj, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    for name in ("__call__", "forward", "call"):
        for method in find_in_class(func.cls, name):
            if isinstance(method, Fn):
                result = run.call_fn(Fn(method.node, method.scope, func, method.owner), args, kwargs, node)
                made = Made("object", [(func,), *args], kwargs, run.source.path, getattr(node, "lineno", 0))
                return join(result, (made,))
    return (Made("object", [(func,), *args], kwargs, run.source.path, getattr(node, "lineno", 0)),)


def _method(run: Run, func: Attr, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
    owner = func.owner
    if isinstance(owner, Seq):
        return _list_method(owner, func.name, args)
    if isinstance(owner, Map):
        return _dict_method(owner, func.name, args)
    if isinstance(owner, Const):
        return UNKNOWN
    if func.name == "run_cell_magic" and len(args) > 2 and isinstance(node, ast.Call):
        return _cell(run, args, node)
    if func.name not in ("add_url_rule", "bind", "configure"):
        maker = root(_maker(owner))
        if maker not in _EVENT_LIBRARIES:
            callbacks(run, args, kwargs, node)
    return effects.method(run, func, args, kwargs, node)


def _maker(value: Value) -> str:
    while isinstance(value, Attr):
        value = value.owner
    return value.maker if isinstance(value, Made) else ""


def _list_method(owner: Seq, name: str, args: list[Values]) -> Values:
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


def _dict_method(owner: Map, name: str, args: list[Values]) -> Values:
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


def _library(
    run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST, scope: Scope
) -> Values:
    line = getattr(node, "lineno", 0)
    if name.startswith("builtins."):
        found = _builtin(run, name[9:], args, kwargs, node, scope)
        if found is not None:
            return found
    if name in ("importlib.import_module", "builtins.__import__"):
        for dotted in strings(args[0]) if args else []:
            run.log.imported(run.source, dotted, line, guarded=False)
            return (run.import_module(dotted, scope),)
        return UNKNOWN
    if name in ("runpy.run_path", "runpy.run_module", "builtins.execfile"):
        for path in strings(args[0]) if args else []:
            _run_file(run, path)
        return UNKNOWN
    if name in ("unittest.main", "pytest.main"):
        return UNKNOWN
    if (
        last(name) == "run"
        and name in ("tensorflow.app.run", "tensorflow.compat.v1.app.run", "absl.app.run")
        and not args
    ):
        for fn in run.scopes[run.main.path].names.get("main", UNKNOWN):
            if isinstance(fn, Fn):
                run.call_fn(fn, [], {}, node)
    if name == "fire.Fire":
        _fire(run, args, node)
    known = canonical(name)
    wrapper = known in _WRAPPERS or last(name) in ("prepare", "jit", "remote_function")
    if not wrapper and root(name) not in _EVENT_LIBRARIES:
        callbacks(run, args, kwargs, node)
    out = effects.library(run, name, args, kwargs, node)
    if wrapper and args:
        given = tuple(v for vs in args for v in vs if isinstance(v, Fn | Cls | Obj | Made | Seq))
        return join(given, out) if known.startswith("torch.nn") or not given else given
    if known in ("jax.grad", "jax.value_and_grad"):
        return join(tuple(v for vs in args[:1] for v in vs if isinstance(v, Fn)), out)
    return out


def _fire(run: Run, args: list[Values], node: ast.AST) -> None:
    names = run.scopes[run.main.path].names
    given = [v for vs in args[:1] for v in vs] or [
        v for vs in names.values() for v in vs if isinstance(v, Fn | Cls)
    ]
    for value in given:
        if isinstance(value, Cls):
            made = instantiate(run, value, [], {}, 0)
            for values in value.body.names.values():
                for method in values:
                    if isinstance(method, Fn) and not getattr(method.node, "name", "_").startswith("_"):
                        run.call_fn(Fn(method.node, method.scope, made, method.owner), [], {}, node)
        elif isinstance(value, Fn):
            run.call_fn(value, [], {}, node)


def _builtin(
    run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST, scope: Scope
) -> Values | None:
    line = getattr(node, "lineno", 0)
    if name in ("list", "tuple", "set", "sorted", "reversed", "iter", "partial"):
        return tuple(v for v in args[0] if isinstance(v, Seq | Map)) if args else (Seq([]),)
    if name == "next":
        return elements(args[0]) if args else UNKNOWN
    if name == "enumerate":
        return (Seq([(Seq([UNKNOWN, elements(args[0])]),)]),) if args else UNKNOWN
    if name == "zip":
        return (Seq([(Seq([elements(a) for a in args]),)]),)
    if name == "dict":
        items: dict[Any, Values] = dict(kwargs)
        for value in args[0] if args else UNKNOWN:
            if isinstance(value, Map):
                items.update(value.items)
            elif isinstance(value, Seq):
                for pair in elements((value,)):
                    if isinstance(pair, Seq) and len(pair.items) == 2:
                        items[None] = join(items.get(None, UNKNOWN), pair.items[1])
        return (Map(items),)
    if name in ("map", "filter"):
        if len(args) > 1:
            inner = elements(args[1])
            out: Values = UNKNOWN
            for func in args[0]:
                if isinstance(func, Fn | Cls):
                    out = join(out, invoke(run, func, [inner], {}, node, scope))
            return (Seq([out or inner]),)
        return UNKNOWN
    if name == "getattr" and len(args) > 1:
        return _getattr(run, args)
    if name == "setattr" and len(args) > 2:
        for label in strings(args[1]):
            for owner in args[0]:
                if isinstance(owner, Obj):
                    owner.attrs[label] = args[2]
        return UNKNOWN
    if name in ("exec", "eval", "execfile"):
        return _exec(run, name, args, node, scope)
    if name == "get_ipython":
        return (Made("IPython.get_ipython", [], {}, run.source.path, line),)
    if name in ("globals", "locals", "vars"):
        return (Lib("builtins.globals()"),)
    if name in ("input", "raw_input"):
        run.log.hazard(run.source, "input", line, "waits for somebody to type.")
        return UNKNOWN
    if name in ("print", "isinstance", "callable", "type", "reload", "range", "super"):
        return UNKNOWN
    return None


def _getattr(run: Run, args: list[Values]) -> Values:
    from trainyard.detect.expressions import attribute

    labels = strings(args[1])
    out: Values = args[2] if len(args) > 2 else UNKNOWN
    for owner in args[0]:
        for label in labels:
            out = join(out, attribute(run, owner, label))
        if not labels:
            if isinstance(owner, Lib):
                out = join(out, (Lib(f"{owner.name}.*"),))
            elif isinstance(owner, Mod) and owner.source is not None:
                for values in run.module(owner.source).names.values():
                    out = join(out, tuple(v for v in values if isinstance(v, Cls | Fn | Mod)))
            elif isinstance(owner, Obj):
                for values in owner.cls.body.names.values():
                    for value in values:
                        if isinstance(value, Fn) and not getattr(value.node, "name", "_").startswith("_"):
                            out = join(out, (Fn(value.node, value.scope, owner, value.owner),))
    return out


def _exec(run: Run, name: str, args: list[Values], node: ast.AST, scope: Scope) -> Values:
    """`exec` and `eval` of literal text are walked; of a file's text, that file is."""
    if not args:
        return UNKNOWN
    for text in strings(args[0]):
        if name == "execfile":
            _run_file(run, text)
            continue
        try:
            tree = ast.parse(text[:20_000])
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        ast.increment_lineno(tree, getattr(node, "lineno", 1) - 1)
        if name == "eval" and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
            return run.evaluate(tree.body[0].value, scope)
        run.block(tree.body, scope)
    if isinstance(node, ast.Call) and node.args:
        for child in ast.walk(node.args[0]):
            if (
                isinstance(child, ast.Constant)
                and isinstance(child.value, str)
                and child.value.endswith(".py")
            ):
                _run_file(run, child.value)
    return UNKNOWN


def _cell(run: Run, args: list[Values], node: ast.Call) -> Values:
    """`get_ipython().run_cell_magic("time", "", code)`, as notebooks exported to Python have it."""
    if strings(args[0])[:1] in (["time"], ["timeit"], ["capture"], ["prun"]):
        scope = run.scopes.get(run.source.path)
        if scope is not None:
            _exec(run, "exec", args[2:3], node, scope)
    return UNKNOWN


def _run_file(run: Run, path: str) -> None:
    parts = path.replace("\\", "/").removeprefix("./").removesuffix(".py").replace(".", "/").split("/")
    for base in (run.main.folder, ""):
        source, _ = run.program.at(base, [p for p in parts if p])
        if source is not None and source is not run.source:
            scope = run.scopes.get(source.path)
            if scope is None:
                run.mains.add(source.path)
                imports, run.imports = run.imports, -1  # what it reaches counts as called, not as imported
                run.module(source)
                run.imports = imports
            return
