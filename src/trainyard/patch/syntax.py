"""Small edits of calls and lists, with the commas and line breaks that stand there already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from trainyard.patch.source import Source


def callee(call: cst.Call) -> str:
    """The last part of what is called: `Dense` of `keras.layers.Dense(8)`; empty where it is no name."""
    func = call.func
    if isinstance(func, cst.Attribute):
        func = func.attr
    return func.value if isinstance(func, cst.Name) else ""


def argument(call: cst.Call, name: str, position: int | None) -> cst.Arg | None:
    """The argument of that keyword, or at that position where nothing starred stands before it."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == name:
            return arg
    plain = call.args[: position + 1] if position is not None else ()
    if position is None or len(plain) <= position or any(one.star or one.keyword for one in plain):
        return None
    return plain[position]


def unpacks(call: cst.Call) -> bool:
    """Whether arguments come out of a `*` or `**`."""
    return any(arg.star for arg in call.args)


def add_keyword(source: Source, call: cst.Call, name: str, text: str) -> None:
    """Gives a call one more keyword argument."""
    equal = cst.AssignEqual(
        whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace("")
    )
    arg = cst.Arg(value=source.expression(text), keyword=cst.Name(name), equal=equal)

    def change(updated: cst.Call) -> cst.Call:
        return updated.with_changes(args=appended(updated.args, arg, updated.whitespace_before_args))

    source.change(call, change)


def remove_argument(source: Source, call: cst.Call, arg: cst.Arg) -> None:
    """Takes an argument out; the last one left takes no comma along."""
    place = list(call.args).index(arg)

    def change(updated: cst.Call) -> cst.Call:
        kept = [*updated.args[:place], *updated.args[place + 1 :]]
        if kept and place == len(kept):
            kept[-1] = kept[-1].with_changes(comma=updated.args[place].comma)
        return updated.with_changes(args=kept)

    source.change(call, change)


def appended(items: Any, new: Any, opening: cst.BaseParenthesizableWhitespace) -> list[Any]:
    """`items` (arguments, elements, imported names) with `new` behind the last one.

    Args:
        opening: the white space behind the opening bracket: it shows how a lone item stands.
    """
    found = list(items)
    if not found:
        return [new]
    last = found[-1]
    closing = last.comma
    found[-1] = last.with_changes(comma=_between(found, opening))
    return [*found, new.with_changes(comma=closing)]


@dataclass
class _ListEdit:
    inserted: dict[int, list[cst.BaseExpression]] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)

    def __call__(self, sequence: cst.List | cst.Tuple) -> cst.List | cst.Tuple:
        opening = sequence.lbracket.whitespace_after if isinstance(sequence, cst.List) else _NO_SPACE
        between = _between(list(sequence.elements), opening)
        found: list[cst.BaseElement] = []
        for place, element in enumerate([None, *sequence.elements], start=-1):
            if element is not None and place not in self.removed:
                found.append(element)
            found += [cst.Element(value=one) for one in self.inserted.get(place, [])]
        closing = sequence.elements[-1].comma if sequence.elements else cst.MaybeSentinel.DEFAULT
        for place, element in enumerate(found):
            last = place == len(found) - 1
            if last or not isinstance(element.comma, cst.Comma) or element is sequence.elements[-1]:
                found[place] = element.with_changes(comma=closing if last else between)
        return sequence.with_changes(elements=found)


def insert_element(source: Source, listed: cst.List | cst.Tuple, place: int, texts: list[str]) -> None:
    """Puts elements behind the one at `place` of a list as it was (-1: in front of the first)."""
    _edit(source, listed).inserted.setdefault(place, []).extend(source.expression(one) for one in texts)


def remove_element(source: Source, listed: cst.List | cst.Tuple, place: int) -> None:
    """Takes the element at `place` of a list as it was out."""
    _edit(source, listed).removed.add(place)


def _edit(source: Source, listed: cst.List | cst.Tuple) -> _ListEdit:
    if listed not in source.lists:
        source.lists[listed] = _ListEdit()
        source.change(listed, source.lists[listed])
    edit: _ListEdit = source.lists[listed]
    return edit


_NO_SPACE = cst.SimpleWhitespace("")


def _between(items: list[Any], opening: cst.BaseParenthesizableWhitespace) -> cst.Comma:
    """The comma that stands between these items, without the comment that may follow one of them."""
    for item in items[:-1]:
        if isinstance(item.comma, cst.Comma):
            return cst.Comma(whitespace_after=_plain(item.comma.whitespace_after))
    if isinstance(opening, cst.ParenthesizedWhitespace):
        return cst.Comma(whitespace_after=_plain(opening))
    return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _plain(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    if isinstance(space, cst.ParenthesizedWhitespace):
        first = cst.TrailingWhitespace(newline=space.first_line.newline)
        return space.with_changes(first_line=first, empty_lines=())
    return space
