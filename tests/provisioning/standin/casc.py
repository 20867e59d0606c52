"""Reads of a JCasC file what the stand-in acts on; an unknown top-level key is an error, as in the plugin."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

TOP = {"jenkins", "credentials", "unclassified", "security", "appearance"}


@dataclass
class Settings:
    users: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, set[str]] = field(default_factory=lambda: {"anonymous": {"Overall/Administer"}})
    executors: int = 2
    labels: set[str] = field(default_factory=set)
    nodes: list[dict] = field(default_factory=list)

    def allows(self, user: str, permission: str) -> bool:
        """Anonymous and unknown people may what the file says; Administer implies everything."""
        held = set(self.permissions.get(user, set()))
        if user != "anonymous":
            held |= self.permissions.get("authenticated", set())
        return permission in held or "Overall/Administer" in held

    @classmethod
    def load(cls) -> Settings:
        path = os.environ["CASC_JENKINS_CONFIG"]
        tree = expand(yaml.safe_load(Path(path).read_text()))
        if set(tree) - TOP:
            raise ValueError(f"{path}: no configurator for {sorted(set(tree) - TOP)}")
        jenkins = tree["jenkins"]
        users = {u["id"]: u["password"] for u in jenkins["securityRealm"]["local"]["users"]}
        permissions: dict[str, set[str]] = {}
        for entry in jenkins["authorizationStrategy"]["globalMatrix"]["entries"]:
            ((_, who),) = entry.items()
            permissions[who["name"]] = set(who["permissions"])
        nodes = [n["permanent"] for n in jenkins.get("nodes", [])]
        return cls(
            users, permissions, jenkins["numExecutors"], set(jenkins.get("labelString", "").split()), nodes
        )


def expand(value: object) -> object:
    """`${readFile:PATH}` anywhere in a string, as JCasC does it."""
    if isinstance(value, dict):
        return {k: expand(v) for k, v in value.items()}
    if isinstance(value, list):
        return [expand(v) for v in value]
    if isinstance(value, str):
        return re.sub(r"\$\{readFile:([^}]+)\}", lambda m: Path(m[1]).read_text(), value)
    return value
