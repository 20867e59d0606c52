"""Small chains: job YAML whose shell steps are real sh commands, rendered by Jenkins Job Builder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from chain_helper import Chain

from trainyard.chain.render import JobXml


@pytest.fixture
def rendered(tmp_path: Path) -> Callable[[str], list[JobXml]]:
    """Renders YAML text with one or more `job`s."""

    def render(text: str) -> list[JobXml]:
        from trainyard.chain.jjb import render_files

        file = tmp_path / "jobs.yaml"
        file.write_text(text)
        return [JobXml(name, xml) for name, xml in render_files([file]).jobs.items()]

    return render


@pytest.fixture
def chain(rendered: Callable[[str], list[JobXml]], tmp_path: Path) -> Chain:
    return Chain(rendered, tmp_path / "home")
