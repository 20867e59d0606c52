"""What a call does: enters functions of the repository, follows dynamic imports, hands library calls to
`effects`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from trainyard.detect import builtin_calls, containers, dynamic, effects, guesses, imports, layers
from trainyard.detect.events import Event
from trainyard.detect.knowledge.names import canonical, last, root
from trainyard.detect.knowledge.words import words
from trainyard.detect.values import (
    UNKNOWN,
    Attr,
    Cls,
    Const,
    Fn,
    Lib,
    Made,
    Map,
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


_OWN_TRAINERS = words(
    """
    fit train train_model training gradient_descent gradientdescent stochastic_gradient_descent sgd backprop
    backpropagation back_propagate backpropagate backward update_mini_batch train_network train_step
    optimize learn batch_gradient_descent run_training kmeans k_means perceptron train_weights build_tree
    """
)
# They register handlers: a training behind a button is not reached by starting the script.
_EVENT_LIBRARIES = words(
    """
    tkinter Tkinter PyQt5 PyQt6 PySide2 flask fastapi dash gradio kivy wx signal atexit bottle telebot
    PySimpleGUI
    """
)
_WRAPPERS = words(
    """
    functools.partial functools.wraps functools.lru_cache functools.cache jax.jit jax.vmap jax.pmap
    jax.checkpoint numba.njit numba.jit tensorflow.function torch.compile torch.no_grad torch.jit.script
    torch.nn.DataParallel copy.deepcopy copy.copy sklearn.base.clone
    torch.nn.parallel.DistributedDataParallel typing.cast flax.nn.jit ray.remote ray.put
    torch.quantization.prepare_qat accelerate.prepare builtins.list builtins.tuple builtins.sorted
    builtins.reversed builtins.set builtins.iter builtins.next keras.models.clone_model
    """
)


def call(run: Run, node: ast.Call, scope: Scope) -> Values:  # noqa: PLR0912 - a table of cases
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
            return guesses.by_name(run, node.func.attr, args, kwargs, node)
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


def invoke(  # noqa: PLR0911 - a table of cases
    run: Run, func: Value, args: list[Values], kwargs: dict[str, Values], node: ast.AST, scope: Scope
) -> Values:
    """Calls one possible callee."""
    line = getattr(node, "lineno", 0)
    if isinstance(func, Fn):
        own_training(run, func, line)
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
        layers.subclass_made(run, made, bases, args, kwargs, line)
        for name in ("forward", "call", "__call__", "setup", "build"):
            for method in find_in_class(cls, name):
                if isinstance(method, Fn):
                    run.call_fn(Fn(method.node, method.scope, made, method.owner), [], {}, cls.node)
    return made


def iterated(run: Run, values: Values, node: ast.AST) -> Values:
    """What a loop over `values` binds, entering the iterators of the repository's own classes."""
    out = containers.elements(values)
    for value in values:
        if isinstance(value, Obj):
            for name in ("__next__", "__iter__", "__getitem__"):
                for method in find_in_class(value.cls, name):
                    if isinstance(method, Fn):
                        got = run.call_fn(Fn(method.node, method.scope, value, method.owner), [], {}, node)
                        out = join(out, containers.elements(got) if name == "__iter__" else got)
    return out


def callbacks(run: Run, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> None:
    """Functions handed to somebody: they will be called."""
    for values in (*args, *kwargs.values()):
        for value in values[:8]:
            if isinstance(value, Fn):
                own_training(run, value, getattr(node, "lineno", 0))
                run.call_fn(value, [], {}, node)
            elif isinstance(value, Seq):
                for inner in containers.elements((value,))[:8]:
                    if isinstance(inner, Fn):
                        run.call_fn(inner, [], {}, node)
            elif isinstance(value, Map):
                for inner in containers.elements((value,), of_values=True)[:8]:
                    if isinstance(inner, Fn):
                        run.call_fn(inner, [], {}, node)


def own_training(run: Run, fn: Fn, line: int) -> None:
    if isinstance(fn.node, ast.Lambda) or fn.node.name.lower() not in _OWN_TRAINERS:
        return
    if fn.owner is not None and fn.node.name == "fit" and not _learns(fn.owner):
        return
    source = fn.scope.module
    what = f"{fn.owner.node.name}.{fn.node.name}" if fn.owner is not None else fn.node.name
    sentence = f"{what} is the repository's own training function."
    run.event(Event("own", source.path, fn.node.lineno, sentence, detail=fn.node.name, name=what))


def _learns(cls: Cls) -> bool:
    """Whether a class with a `fit` also answers something: else it lays out a window or scales a table."""
    return any(
        find_in_class(cls, name) for name in ("predict", "score", "classify", "evaluate", "forward", "test")
    )


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
        return containers.list_method(owner, func.name, args)
    if isinstance(owner, Map):
        return containers.dict_method(owner, func.name, args)
    if isinstance(owner, Const):
        return UNKNOWN
    if func.name == "run_cell_magic" and len(args) > 2 and isinstance(node, ast.Call):
        return dynamic.cell(run, args, node)
    if func.name not in ("add_url_rule", "bind", "configure"):
        maker = root(_maker(owner))
        if maker not in _EVENT_LIBRARIES:
            callbacks(run, args, kwargs, node)
    return effects.method(run, func, args, kwargs, node)


def _maker(value: Value) -> str:
    while isinstance(value, Attr):
        value = value.owner
    return value.maker if isinstance(value, Made) else ""


def _library(  # noqa: PLR0911, PLR0912 - a table of cases
    run: Run, name: str, args: list[Values], kwargs: dict[str, Values], node: ast.AST, scope: Scope
) -> Values:
    line = getattr(node, "lineno", 0)
    if name.startswith("builtins."):
        found = builtin_calls.builtin(run, name[9:], args, kwargs, node, scope)
        if found is not None:
            return found
    if name in ("importlib.import_module", "builtins.__import__"):
        for dotted in strings(args[0]) if args else []:
            run.log.imported(run.source, dotted, line, guarded=False)
            return (imports.import_module(run, dotted, scope),)
        return dynamic.members_by_prefix(run, node)
    if name in ("runpy.run_path", "runpy.run_module", "builtins.execfile"):
        for path in strings(args[0]) if args else []:
            dynamic.run_file(run, path)
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
        dynamic.fire(run, args, node)
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
