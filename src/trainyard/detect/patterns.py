"""Hand-written learning: parameters moved by a gradient, in plain Python or numpy."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from trainyard.detect.events import Event

if TYPE_CHECKING:
    from trainyard.detect.interpret import Run

_RATE = re.compile(
    r"(?i)^(lr|l_r|alpha|eta|learning_?rate|rate|step_?size|learn_?rate|epsilon|lrate|lr_.*|.*_lr|learningrate"
    r"|gamma|l_rate|nu)$"
)
_GRADIENT = re.compile(
    r"(?i)(grad|^d_?w|^d_?b|^dl_?d|delta|^nabla|deriv|^dtheta|^dJ|error|^err|_error|adjust|^dm$|^dc$)"
)
_WEIGHT = re.compile(
    r"(?i)(weight|theta|^w\d*$|^b\d*$|bias|coef|param|syn\d|^W_?\w*$|^m$|^c$|^intercept|^slope|beta|wih|who|synapt)"
)


def augmented(run: Run, node: ast.AugAssign) -> None:
    """`W -= lr * dW` and its relatives."""
    if not isinstance(node.op, ast.Sub | ast.Add):
        return
    target = _names(node.target)
    value = _names(node.value)
    rate = any(_RATE.match(n) for n in value)
    gradient = any(_GRADIENT.search(n) for n in value)
    weight = any(_WEIGHT.search(n) for n in target)
    dot = _product(node.value)
    if (rate and (weight or gradient)) or (
        weight and (gradient or dot) and (isinstance(node.op, ast.Sub) or dot)
    ):
        _say(run, node, target)


def assignment(run: Run, node: ast.Assign) -> None:
    """`W = W - lr * dW`, and the normal equation."""
    value = node.value
    if isinstance(value, ast.ListComp):
        value = value.elt
        names = _names(value)
        if (
            isinstance(value, ast.BinOp)
            and isinstance(value.op, ast.Sub)
            and any(_RATE.match(n) for n in names)
        ):
            _say(run, node, _names(node.targets[0]))
        return
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub | ast.Add) and len(node.targets) == 1:
        target = _names(node.targets[0])
        left, right = _names(value.left), _names(value.right)
        if target and target[-1:] == left[-1:] and not isinstance(value.left, ast.Constant):
            rate = any(_RATE.match(n) for n in right)
            gradient = any(_GRADIENT.search(n) for n in right)
            weight = any(_WEIGHT.search(n) for n in target)
            moved = gradient or _product(value.right)
            if (rate and (weight or gradient)) or (weight and moved and isinstance(value.op, ast.Sub)):
                _say(run, node, target)
    elif isinstance(value, ast.Call | ast.BinOp):
        names = _names(value)
        if (
            ("inv" in names or "pinv" in names)
            and ("T" in names or "transpose" in names)
            and names.count("inv") + names.count("pinv") == 1
        ):
            event = Event(
                "handmade",
                run.source.path,
                node.lineno,
                "solves the normal equation by hand.",
                "numpy",
                "closed",
                weight=0.5,
            )
            run.event(event)


def endless(run: Run, node: ast.While) -> None:
    """`while True` without a way out."""
    if isinstance(node.test, ast.Constant) and node.test.value:
        for child in ast.walk(node):
            if isinstance(child, ast.Break | ast.Return | ast.Raise) or _exits(child):
                return
        run.log.hazard(run.source, "endless", node.lineno, "loops for ever: nothing in the loop leaves it.")


def _exits(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) in ("exit", "quit", "_exit")
    )


def _product(node: ast.expr) -> bool:
    """Whether matrices are multiplied in it: `a.dot(b)`, `matmul(a, b)`, `a @ b`."""
    names = _names(node)
    return "dot" in names or "matmul" in names or any(isinstance(n, ast.MatMult) for n in ast.walk(node))


def _names(node: ast.expr) -> list[str]:
    out: list[str] = []
    stack: list[ast.AST] = [node]
    while stack and len(out) < 40:
        at = stack.pop()
        if isinstance(at, ast.Name):
            out.append(at.id)
        elif isinstance(at, ast.Attribute):
            out.append(at.attr)
            if not isinstance(at.value, ast.Name):
                stack.append(at.value)
        elif isinstance(at, ast.Subscript):
            stack.append(at.value)
        elif isinstance(at, ast.expr | ast.keyword):
            stack.extend(ast.iter_child_nodes(at))
    return out


def _say(run: Run, node: ast.stmt, target: list[str]) -> None:
    if all(len(name) == 1 for name in target) and not run.loops:
        return  # `c = c - alpha * x` once is arithmetic
    name = target[0] if target else "a parameter"
    sentence = f"moves {name} by a hand-written update."
    run.event(Event("handmade", run.source.path, node.lineno, sentence, "numpy", "update"))
