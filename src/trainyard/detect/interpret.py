"""Walks a script as Python would run it, with abstract values: which calls does starting this file reach?

Nothing is executed. Both sides of a branch are walked, a loop's body once, each function once per kind of
argument.
"""

from __future__ import annotations

import ast
from typing import Any

from trainyard.detect import assignment, calls, expressions, functions, imports, patterns
from trainyard.detect.events import Event, Log
from trainyard.detect.program import Program, Source
from trainyard.detect.values import (
    UNKNOWN,
    Cls,
    Const,
    Fn,
    Lib,
    Obj,
    Scope,
    Seq,
    Value,
    Values,
    join,
)

MAX_STEPS = 100_000
"""Expressions evaluated for one candidate."""
MAX_IMPORT_DEPTH = 25

_RUN_LATER = {"command", "main", "automain", "entrypoint", "flow", "task", "callback", "group"}
_CLASS_WALKED = {"forward", "call", "__call__"}


class Run:
    """One candidate, walked as `__main__`."""

    def __init__(self, program: Program, main: Source) -> None:
        self.program = program
        self.main = main
        self.log = Log()
        self.scopes: dict[str, Scope] = {}
        self.steps = 0
        self.exhausted = False
        self.weak = 0
        self.loops = 0
        self.depth = 0
        self.guessing = 0
        self.imports = 0
        self.nested = 0
        self.source = main
        self.walked: dict[Any, Values] = {}
        self.counts: dict[int, int] = {}
        self.registered: list[Fn] = []
        self.objects: dict[Any, Obj] = {}
        self.mains = {main.path}
        self.methods: dict[str, list[Cls]] = {}
        self.late: set[tuple[int, str]] = set()
        self.reached: list[str] = []

    def go(self) -> Log:
        """Walks the candidate; never raises for what it reads."""
        self.module(self.main, main=True)
        for fn in list(self.registered):
            self.guarded_call(fn)
        self.log.exhausted = self.exhausted
        return self.log

    def guarded_call(self, fn: Fn) -> None:
        """Calls a function that something else would call (a command, a callback)."""
        try:
            self.call_fn(fn, [], {}, fn.node)
        except RecursionError:
            self.log.note("Nested too deeply in places: those were left out.")

    # Modules

    def module(self, source: Source, main: bool = False) -> Scope:
        """A module's names, after walking its top level once."""
        scope = self.scopes.get(source.path)
        if scope is not None:
            return scope
        scope = Scope(source, None)
        self.scopes[source.path] = scope
        self.steps += 40
        if self.nested >= MAX_IMPORT_DEPTH:
            self.log.note(f"Imports nested deeper than {MAX_IMPORT_DEPTH} files were left out.")
            return scope
        scope.names["__name__"] = (Const("__main__" if main else source.name),)
        scope.names["__file__"] = (Const(source.path),)
        tree = self.program.parse(source).tree
        self.reached.append(source.path)
        if tree is None:
            return scope
        outer = (self.source, self.weak, self.loops)
        self.source, self.weak, self.loops = source, 0, 0
        self.imports += 0 if main else 1
        self.nested += 1
        self.block(tree.body, scope)
        self.nested -= 1
        self.imports -= 0 if main else 1
        self.source, self.weak, self.loops = outer
        return scope

    # Statements

    def block(self, body: list[ast.stmt], scope: Scope) -> None:
        """Walks statements in order; one that is nested too deeply is left out."""
        for node in body:
            if self.steps > MAX_STEPS:
                self.exhausted = True
                return
            handler = _STATEMENTS.get(type(node))
            if handler is None:
                continue
            try:
                handler(self, node, scope)
            except RecursionError:
                self.log.note("Nested too deeply in places: those were left out.")

    def branch(self, body: list[ast.stmt], scope: Scope) -> None:
        """Walks statements that may not run: assignments add instead of replacing."""
        self.weak += 1
        self.block(body, scope)
        self.weak -= 1

    def evaluate(self, node: ast.expr | None, scope: Scope) -> Values:
        """All that an expression may be."""
        return expressions.evaluate(self, node, scope) if node is not None else UNKNOWN

    def set_name(self, scope: Scope, name: str, values: Values) -> None:
        """Assigns a name, honouring `global`."""
        assignment.set_name(self, scope, name, values)

    def assign(self, target: ast.expr, values: Values, scope: Scope) -> None:
        """Binds any assignment target."""
        assignment.assign(self, target, values, scope)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        values = self.evaluate(node.value, scope)
        patterns.assignment(self, node)
        for target in node.targets:
            self.assign(target, values, scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value, scope), scope)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        values = self.evaluate(node.value, scope)
        patterns.augmented(self, node)
        if isinstance(node.op, ast.Add):
            for owner in self.evaluate(node.target, scope):
                if isinstance(owner, Seq) and len(owner.items) < 64:
                    for value in values:
                        if isinstance(value, Seq):
                            owner.items.extend(value.items[:32])

    def _expression(self, node: ast.Expr, scope: Scope) -> None:
        self.evaluate(node.value, scope)

    def _if(self, node: ast.If, scope: Scope) -> None:
        verdict = expressions.known_truth(self, node.test, scope)
        if verdict is None:
            self.evaluate(node.test, scope)
            self.branch(node.body, scope)
            while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                # A chain of elifs is walked flat: it may be a thousand long.
                node = node.orelse[0]
                self.evaluate(node.test, scope)
                self.branch(node.body, scope)
            self.branch(node.orelse, scope)
        elif verdict:
            self.block(node.body, scope)
        else:
            self.block(node.orelse, scope)

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        self.assign(node.target, calls.iterated(self, self.evaluate(node.iter, scope), node), scope)
        self.loops += 1
        self.branch(node.body, scope)
        self.loops -= 1
        self.branch(node.orelse, scope)

    def _while(self, node: ast.While, scope: Scope) -> None:
        self.evaluate(node.test, scope)
        patterns.endless(self, node)
        self.loops += 1
        self.branch(node.body, scope)
        self.loops -= 1
        self.branch(node.orelse, scope)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        for item in node.items:
            values = self.evaluate(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, values, scope)
        self.block(node.body, scope)

    def _try(self, node: ast.Try, scope: Scope) -> None:
        self.block(node.body, scope)
        self.log.guarded += 1
        for handler in node.handlers:
            self.branch(handler.body, scope)
        self.log.guarded -= 1
        self.block(node.orelse, scope)
        self.block(node.finalbody, scope)

    def _return(self, node: ast.Return, scope: Scope) -> None:
        scope.returns = join(scope.returns, self.evaluate(node.value, scope))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        fn = Fn(node, scope)
        for decorator in node.decorator_list:
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            attr = (
                name.attr
                if isinstance(name, ast.Attribute)
                else name.id
                if isinstance(name, ast.Name)
                else ""
            )
            values = self.evaluate(decorator, scope)
            called = any(isinstance(v, Lib) and v.name.split(".")[0] in ("hydra", "click") for v in values)
            if (
                attr in _RUN_LATER
                and isinstance(name, ast.Attribute)
                and self.source is self.main
                and not called
            ):
                self.registered.append(fn)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self.evaluate(default, scope)
        self.set_name(scope, node.name, (fn,))

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        bases: list[Value] = []
        for base in node.bases:
            bases += [v for v in self.evaluate(base, scope) if isinstance(v, Lib | Cls)]
        for decorator in node.decorator_list:
            self.evaluate(decorator, scope)
        body = Scope(scope.module, scope)
        weak, self.weak = self.weak, 0
        self.block(node.body, body)
        self.weak = weak
        cls = Cls(node, scope, tuple(bases), body)
        for values in body.names.values():
            for value in values:
                if isinstance(value, Fn):
                    value.owner = cls
                    if not isinstance(value.node, ast.Lambda):
                        self.methods.setdefault(value.node.name, []).append(cls)
        # Methods look names up in the module, not in the class body.
        for values in body.names.values():
            for value in values:
                if isinstance(value, Fn) and value.scope is body:
                    value.scope = scope
        self.set_name(scope, node.name, (cls,))

    def _global(self, node: ast.Global, scope: Scope) -> None:
        scope.globals_.update(node.names)

    def _match(self, node: ast.Match, scope: Scope) -> None:
        self.evaluate(node.subject, scope)
        for case in node.cases:
            self.branch(case.body, scope)

    # Functions

    def call_fn(self, fn: Fn, args: list[Values], kwargs: dict[str, Values], node: ast.AST) -> Values:
        """Walks a function of the repository with these arguments."""
        return functions.call(self, fn, args, kwargs, node)

    def event(self, event: Event) -> None:
        """Records what was reached, with how: by a call, or only as a side effect of an import."""
        event.by_import = self.imports > 0
        self.log.add(event)


_STATEMENTS: dict[type, Any] = {
    ast.Assign: Run._assign,
    ast.AnnAssign: Run._annotated,
    ast.AugAssign: Run._augmented,
    ast.Expr: Run._expression,
    ast.If: Run._if,
    ast.For: Run._for,
    ast.AsyncFor: Run._for,
    ast.While: Run._while,
    ast.With: Run._with,
    ast.AsyncWith: Run._with,
    ast.Try: Run._try,
    ast.Return: Run._return,
    ast.FunctionDef: Run._function,
    ast.AsyncFunctionDef: Run._function,
    ast.ClassDef: Run._class,
    ast.Import: imports.plain,
    ast.ImportFrom: imports.from_module,
    ast.Global: Run._global,
    ast.Match: Run._match,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = Run._try
