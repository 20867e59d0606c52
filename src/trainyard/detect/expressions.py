"""What an expression may evaluate to."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from trainyard.detect import calls
from trainyard.detect.knowledge.estimators import estimator
from trainyard.detect.knowledge.names import CONVENTIONS, canonical
from trainyard.detect.knowledge.networks import layer_kind
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
    Super,
    Value,
    Values,
    bases_of,
    find_in_class,
    join,
)

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

MAX_ITEMS = 64
"""Elements of one literal list or dict that are kept."""


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Values:
    """All that `node` may be; walks into everything it contains."""
    run.steps += 1
    handler = _EXPRESSIONS.get(type(node))
    if handler is not None:
        result: Values = handler(run, node, scope)
        return result
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            evaluate(run, child, scope)
    return UNKNOWN


def lookup(scope: Scope, name: str) -> Values:
    """A name along the scopes, then the star imports, then what everybody means by it."""
    at: Scope | None = scope
    module = scope
    while at is not None:
        found = at.names.get(name)
        if found is not None:
            return found
        module, at = at, at.parent
    found = from_stars(module, name)
    if found:
        return found
    if name in _BUILTINS:
        return (Lib("builtins." + name),)
    meant = CONVENTIONS.get(name)
    return (Lib(meant),) if meant else UNKNOWN


def from_stars(scope: Scope, name: str) -> Values:
    """The library object that a star import brought under this name."""
    for star in reversed(scope.stars):
        full = f"{star}.{name}"
        if star.endswith("keras.layers") and name in _LAYER_MODULES:
            return (Lib(full),)
        known = canonical(full)
        if layer_kind(known) or estimator(known) or known in _KNOWN_STARS:
            return (Lib(full),)
    if scope.stars and name[:1].isupper() and name not in CONVENTIONS:
        return (Lib(f"{scope.stars[-1]}.{name}"),) if len(scope.stars) == 1 else UNKNOWN
    return UNKNOWN


def attribute(run: Run, owner: Value, name: str) -> Values:
    """`owner.name`."""
    if isinstance(owner, Lib):
        return (Lib(f"{owner.name}.{name}"),)
    if isinstance(owner, Mod):
        return run.member(owner, name)
    if isinstance(owner, Obj):
        found = owner.attrs.get(name, UNKNOWN) or _bound(find_in_class(owner.cls, name), owner, run)
        if not found and name not in ("__class__",):
            if name == "__init__":
                return UNKNOWN
            found = calls.late_attribute(run, owner, name)
            return found or (
                (Attr(owner, name),) if bases_of(owner.cls) or name in calls.FIT_NAMES else UNKNOWN
            )
        return found
    if isinstance(owner, Super):
        return _of_super(run, owner, name)
    if isinstance(owner, Cls):
        return find_in_class(owner, name) or tuple(Lib(f"{b}.{name}") for b in bases_of(owner)[:1])
    if isinstance(owner, Made | Attr | Seq | Map | Const):
        if isinstance(owner, Attr) and _depth(owner) > 12:
            return UNKNOWN
        return (Attr(owner, name),)
    return UNKNOWN


def _of_super(run: Run, owner: Super, name: str) -> Values:
    for base in owner.owner.bases:
        if isinstance(base, Cls):
            found = find_in_class(base, name)
            if found and isinstance(owner.bound, Obj):
                return _bound(found, owner.bound, run)
    if isinstance(owner.bound, Obj) and bases_of(owner.owner) and name != "__init__":
        return (Attr(owner.bound, name),)
    return UNKNOWN


def _depth(value: Value) -> int:
    count = 0
    while isinstance(value, Attr):
        value = value.owner
        count += 1
    return count


def _bound(values: Values, owner: Obj, run: Run) -> Values:
    out: list[Value] = []
    for value in values:
        if isinstance(value, Fn) and value.bound is None:
            if not isinstance(value.node, ast.Lambda):
                names = [d.id for d in value.node.decorator_list if isinstance(d, ast.Name)]
                if "property" in names or "cached_property" in names:
                    out += run.call_fn(Fn(value.node, value.scope, owner, value.owner), [], {}, value.node)
                    continue
            out.append(Fn(value.node, value.scope, owner, value.owner))
        else:
            out.append(value)
    return tuple(out)


def known_truth(run: Run, test: ast.expr, scope: Scope) -> bool | None:
    """Whether a condition is certainly true or false: literals and `__name__ == "__main__"` only."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if (
        isinstance(test, ast.Compare)
        and len(test.ops) == 1
        and isinstance(test.ops[0], ast.Eq | ast.NotEq | ast.In)
    ):
        sides = [test.left, test.comparators[0]]
        if any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides):
            names = {s.value for s in sides if isinstance(s, ast.Constant)}
            if isinstance(test.comparators[0], ast.Tuple | ast.List):
                names |= {c.value for c in test.comparators[0].elts if isinstance(c, ast.Constant)}
            if "__main__" in names or "__mp_main__" in names or "__builtin__" in names:
                is_main = scope.module.path in run.mains
                return is_main != isinstance(test.ops[0], ast.NotEq)
    if isinstance(test, ast.Name | ast.Attribute):
        name = test.id if isinstance(test, ast.Name) else test.attr
        if name == "TYPE_CHECKING":
            return False
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = known_truth(run, test.operand, scope)
        return None if inner is None else not inner
    return None


def _name(run: Run, node: ast.Name, scope: Scope) -> Values:
    return lookup(scope, node.id)


def _constant(run: Run, node: ast.Constant, scope: Scope) -> Values:
    return (Const(node.value),) if isinstance(node.value, str | int | float | bool | None) else UNKNOWN


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Values:
    owners = evaluate(run, node.value, scope)
    if len(owners) == 1:
        return attribute(run, owners[0], node.attr)
    out: Values = UNKNOWN
    for owner in owners:
        out = join(out, attribute(run, owner, node.attr))
    return out


def _sequence(run: Run, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Values:
    items: list[Values] = []
    for index, element in enumerate(node.elts):
        if index > MAX_ITEMS and isinstance(element, ast.Constant):
            break  # a table of data
        if isinstance(element, ast.Starred):
            for value in evaluate(run, element.value, scope):
                items += value.items[:MAX_ITEMS] if isinstance(value, Seq) else [(value,)]
        else:
            items.append(evaluate(run, element, scope))
    return (Seq(items[:MAX_ITEMS]),)


def _dict(run: Run, node: ast.Dict, scope: Scope) -> Values:
    items: dict[Any, Values] = {}
    for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if index > 4 * MAX_ITEMS:
            break
        values = evaluate(run, value, scope)
        if key is None:
            for spread in values:
                if isinstance(spread, Map):
                    items.update(spread.items)
            continue
        if isinstance(key, ast.Constant) and isinstance(key.value, str | int | float | bool):
            items[key.value] = values
        else:
            names = evaluate(run, key, scope)
            items[None] = join(items.get(None, UNKNOWN), values)
            for name in names:
                if isinstance(name, Made | Obj):
                    items[None] = join(items[None], (name,))
    return (Map(items),)


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Values:
    owners = evaluate(run, node.value, scope)
    index = evaluate(run, node.slice, scope)
    label = index[0].value if len(index) == 1 and isinstance(index[0], Const) else None
    out: Values = UNKNOWN
    for owner in owners:
        if isinstance(owner, Map):
            found = owner.items.get(label, UNKNOWN) if label is not None else UNKNOWN
            out = join(out, found or calls.elements((owner,), of_values=True))
        elif isinstance(owner, Seq):
            if (
                isinstance(label, int)
                and not isinstance(label, bool)
                and -len(owner.items) <= label < len(owner.items)
            ):
                out = join(out, owner.items[label])
            elif isinstance(node.slice, ast.Slice):
                out = join(out, (owner,))
            else:
                out = join(out, calls.elements((owner,)))
        elif isinstance(owner, Lib):
            if owner.name in ("builtins.globals()", "builtins.locals()"):
                out = join(out, lookup(scope, label) if isinstance(label, str) else _all_functions(scope))
            else:
                out = join(
                    out, (Lib(f"{owner.name}.{label}" if isinstance(label, str) else f"{owner.name}.item"),)
                )
        elif isinstance(owner, Made | Attr):
            out = join(out, (owner,))
    return out


def _all_functions(scope: Scope) -> Values:
    """Every function of the module: `globals()[name](...)` with a name that only the run knows."""
    while scope.parent is not None:
        scope = scope.parent
    return tuple(v for vs in scope.names.values() for v in vs if isinstance(v, Fn))[:20]


def _call(run: Run, node: ast.Call, scope: Scope) -> Values:
    return calls.call(run, node, scope)


def _lambda(run: Run, node: ast.Lambda, scope: Scope) -> Values:
    return (Fn(node, scope),)


def _choice(run: Run, node: ast.IfExp, scope: Scope) -> Values:
    evaluate(run, node.test, scope)
    return join(evaluate(run, node.body, scope), evaluate(run, node.orelse, scope))


def _either(run: Run, node: ast.BoolOp, scope: Scope) -> Values:
    out: Values = UNKNOWN
    for value in node.values:
        out = join(out, evaluate(run, value, scope))
    return out


def _binary(run: Run, node: ast.BinOp, scope: Scope) -> Values:
    # Long chains (a + b + c ...) lean left: walk them flat.
    right: list[Values] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        right.append(evaluate(run, left.right, scope))
        left = left.left
    first = evaluate(run, left, scope)
    out: Values = UNKNOWN
    for values in (first, *reversed(right)):
        out = join(out, tuple(v for v in values if not isinstance(v, Const)))
    if out and all(isinstance(v, Seq) for v in out) and len(out) > 1:
        items: list[Values] = []
        for value in out:
            if isinstance(value, Seq):
                items += value.items
        return (Seq(items[:MAX_ITEMS]),)
    if not out and first and isinstance(first[0], Const) and isinstance(first[0].value, str):
        return UNKNOWN
    return out


def _comprehension(run: Run, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope) -> Values:
    inner = _generators(run, node.generators, scope)
    run.loops += 1
    value = evaluate(run, node.elt, inner)
    run.loops -= 1
    return (Seq([value]),)


def _dict_comprehension(run: Run, node: ast.DictComp, scope: Scope) -> Values:
    inner = _generators(run, node.generators, scope)
    evaluate(run, node.key, inner)
    return (Map({None: evaluate(run, node.value, inner)}),)


def _generators(run: Run, generators: list[ast.comprehension], scope: Scope) -> Scope:
    inner = Scope(scope.module, scope)
    for generator in generators:
        run.assign(generator.target, calls.elements(evaluate(run, generator.iter, inner)), inner)
        for test in generator.ifs:
            evaluate(run, test, inner)
    return inner


def _walrus(run: Run, node: ast.NamedExpr, scope: Scope) -> Values:
    values = evaluate(run, node.value, scope)
    run.assign(node.target, values, scope)
    return values


def _inner(run: Run, node: ast.Await | ast.Starred | ast.YieldFrom, scope: Scope) -> Values:
    return evaluate(run, node.value, scope)


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Values:
    evaluate(run, node.left, scope)
    for value in node.comparators:
        evaluate(run, value, scope)
    return UNKNOWN


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Values:
    evaluate(run, node.operand, scope)
    return UNKNOWN


def _format(run: Run, node: ast.JoinedStr, scope: Scope) -> Values:
    for part in node.values:
        if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.Name | ast.Constant):
            evaluate(run, part.value, scope)
    return UNKNOWN


def _slice(run: Run, node: ast.Slice, scope: Scope) -> Values:
    return UNKNOWN


def _yield(run: Run, node: ast.Yield, scope: Scope) -> Values:
    if node.value is not None:
        scope.returns = join(scope.returns, (Seq([evaluate(run, node.value, scope)]),))
    return UNKNOWN


_BUILTINS = frozenset(
    [
        "input",
        "raw_input",
        "get_ipython",
        "print",
        "open",
        "exec",
        "eval",
        "execfile",
        "__import__",
        "getattr",
        "setattr",
        "globals",
        "locals",
        "vars",
        "list",
        "tuple",
        "set",
        "dict",
        "sorted",
        "reversed",
        "enumerate",
        "zip",
        "map",
        "filter",
        "super",
        "iter",
        "next",
        "type",
        "isinstance",
        "callable",
        "partial",
        "reload",
        "vars",
        "range",
    ]
)
_LAYER_MODULES = frozenset(
    "core convolutional recurrent pooling normalization embeddings advanced_activations wrappers merge noise local".split()
)
_KNOWN_STARS = frozenset(
    [
        "keras.models.Sequential",
        "keras.models.Model",
        "keras.Sequential",
        "keras.Model",
        "keras.layers.Input",
        "keras.models.load_model",
        "tensorflow.keras",
        "sklearn.model_selection.GridSearchCV",
        "sklearn.model_selection.cross_val_score",
        "transformers.Trainer",
        "sklearn.pipeline.Pipeline",
        "keras.preprocessing.image.ImageDataGenerator",
        "keras.layers.Dropout",
        "keras.layers.Flatten",
        "keras.layers.Activation",
        "keras.layers.MaxPooling2D",
        "keras.layers.BatchNormalization",
        "fastai.vision.all.vision_learner",
        "keras.optimizers.Adam",
        "keras.optimizers.SGD",
        "keras.optimizers.RMSprop",
        "torch.nn",
        "torch.optim",
        "torch.utils",
        "lightning.Trainer",
        "lightning.LightningModule",
        "fastai.vision.all.cnn_learner",
        "fastai.vision.cnn_learner",
        "fastai.tabular.all.tabular_learner",
        "fastai.vision.all.unet_learner",
        "fastai.text.all.text_classifier_learner",
        "fastai.collab.collab_learner",
        "fastai.vision.all.Learner",
        "fastai.vision.create_cnn",
        "fastai.conv_learner.ConvLearner",
        "fastai.vision.all.ImageDataLoaders",
        "pycaret.classification.setup",
        "pycaret.classification.compare_models",
        "pycaret.classification.create_model",
        "pycaret.regression.setup",
        "pycaret.regression.compare_models",
        "pycaret.regression.create_model",
        "torch.nn.Module",
        "torch.nn.CrossEntropyLoss",
    ]
)

_EXPRESSIONS: dict[type, Any] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.Lambda: _lambda,
    ast.IfExp: _choice,
    ast.BoolOp: _either,
    ast.BinOp: _binary,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _dict_comprehension,
    ast.NamedExpr: _walrus,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.YieldFrom: _inner,
    ast.Yield: _yield,
    ast.Compare: _compare,
    ast.UnaryOp: _unary,
    ast.JoinedStr: _format,
    ast.Slice: _slice,
}
