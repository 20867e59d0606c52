"""What is wrong with the variables that an inventory sets, found before a host is changed.

Ansible's own validation comes with each role's first task, and takes text for numbers and lists that the
tasks then stumble over. This one sees all roles at once, and names that no role knows.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import yaml

_KINDS = {
    "str": "text, in quotes where it looks like something else",
    "path": "an absolute path without blanks",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
}
# `-e name=value` on the command line makes text of everything.
_WRITTEN = {
    "int": r"-?\d+",
    "float": r"-?\d+(\.\d+)?",
    "bool": r"(?i)true|false|yes|no",
    "path": r"/(?!.*\s).+",
}
_NATIVE = {"int": int, "float": (int, float), "bool": bool, "list": (list, tuple), "dict": dict}


def inventory_faults(values: dict, roles: str) -> list[str]:
    """A sentence for each mistake; never the value itself, which may be a secret.

    Args:
        values: the variables whose names start like a role's, as they are for one host.
        roles: the folder of the roles, whose argument specs describe them.
    """
    known = {}
    for file in Path(roles).glob("*/meta/argument_specs.yml"):
        known |= yaml.safe_load(file.read_text())["argument_specs"]["main"]["options"]
    return faults(values, known)


def faults(values: dict, options: dict) -> list[str]:
    """The same for the options of an argument spec."""
    return [f"{fault}." for fault in _of_mapping(values, options, "")]


def _of_mapping(values: dict, options: dict, path: str) -> list[str]:
    faults = []
    for name, value in values.items():
        if name in options:
            faults += _of_value(value, options[name], path + str(name))
        else:
            near = difflib.get_close_matches(str(name), options, 1)
            faults.append(f"{path}{name} is not known" + (f", did you mean {near[0]}" if near else ""))
    faults += [f"{path}{n} is missing" for n, o in options.items() if o.get("required") and n not in values]
    return faults


def _of_value(value: object, option: dict, path: str) -> list[str]:
    kind = option.get("type", "str")
    if value is None:
        return [f"{path} has no value; write one or take the line out"]
    if not _is(value, kind):
        return [f"{path} must be {_KINDS[kind]}"]
    if "choices" in option and value not in option["choices"]:
        return [f"{path} must be one of {', '.join(map(str, option['choices']))}"]
    if kind in ("int", "float") and not _in_range(float(value), path):
        return [f"{path} must be above 0"]
    if kind == "list":
        inner = {"type": option.get("elements", "str"), "options": option.get("options")}
        return [fault for i, item in enumerate(value) for fault in _of_value(item, inner, f"{path}[{i}]")]
    return _of_mapping(value, option["options"], f"{path}.") if option.get("options") else []


def _in_range(number: float, path: str) -> bool:
    """What preflight asks for at least may be 0; what is in mappings has checks of its own."""
    return number > 0 or (number == 0 and ("_min_" in path or "." in path))


def _is(value: object, kind: str) -> bool:
    if isinstance(value, str):
        return kind == "str" or bool(kind in _WRITTEN and re.fullmatch(_WRITTEN[kind], value))
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _NATIVE.get(kind, ()))


class FilterModule:
    """Tells Ansible the filter's name."""

    def filters(self) -> dict:
        return {"inventory_faults": inventory_faults}
