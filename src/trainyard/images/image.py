"""The catalogue's images as what is built: their folders, their parents and their pinned packages."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from trainyard import catalogue, resources
from trainyard.exits import ExitCode, TrainyardError


@dataclass(frozen=True)
class Image:
    """One image of the catalogue.

    Attributes:
        chain: its ancestors, the eldest first, and itself last.
    """

    name: str
    chain: tuple[str, ...]

    @property
    def parent(self) -> str | None:
        return self.chain[-2] if len(self.chain) > 1 else None

    @property
    def folder(self) -> Path:
        return resources.IMAGES / self.name

    @property
    def locks(self) -> list[Path]:
        """The `requirements.txt` of the whole chain: together every package of the image."""
        files = (resources.IMAGES / name / "requirements.txt" for name in self.chain)
        return [file for file in files if file.is_file()]

    @functools.cached_property
    def pins(self) -> dict[str, str]:
        """Every package of the image, by normalised name, with its version."""
        found = {}
        for lock in self.locks:
            for line in lock.read_text().splitlines():
                if "==" in line:
                    name, version = line.split("==")
                    found[normalised(name)] = version.strip()
        return found


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.cache
def images() -> dict[str, Image]:
    """Every image of the catalogue by name."""
    described = catalogue.load().images
    return {name: Image(name, _chain(name, described)) for name in described}


def image(name: str) -> Image:
    """The image called `name`.

    Raises:
        TrainyardError: UNSUPPORTED, listing the images there are.
    """
    try:
        return images()[name]
    except KeyError:
        raise TrainyardError(
            ExitCode.UNSUPPORTED, f"There is no image {name!r}.", f"There are: {', '.join(sorted(images()))}."
        ) from None


def _chain(name: str, described: dict[str, catalogue.Image]) -> tuple[str, ...]:
    parent = described[name].parent
    return (*_chain(parent, described), name) if parent else (name,)
