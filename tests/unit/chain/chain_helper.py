"""One chain below one state home, and what it said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trainyard.chain.execute import ChainResult, execute
from trainyard.chain.render import JobXml


class Chain:
    """Runs rendered YAML below one state home and remembers what was said."""

    def __init__(self, render: Callable[[str], list[JobXml]], home: Path) -> None:
        self.render = render
        self.home = home
        self.said: list[str] = []

    def run(self, text: str, first: str = "one", stream: int = 2, **parameters: str) -> ChainResult:
        return execute(
            self.render(text), first, parameters, home=self.home, say=self.said.append, stream=stream
        )

    def log(self, job: str, number: int = 1) -> str:
        return (self.home / "chain" / job / "builds" / str(number) / "log").read_text()
