"""Which of the engine's training images nothing needs any more: each change of the harness leaves a tag."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainyard.images.build import base_of, current_tag
from trainyard.images.content import packages_tag
from trainyard.images.image import images

if TYPE_CHECKING:
    from docker import APIClient


@dataclass(frozen=True)
class Tagged:
    """One tag of the engine."""

    tag: str
    created: float
    """Seconds since the epoch."""
    size: int
    layers: tuple[str, ...]


def unused(tags: list[Tagged], needed: Collection[str], before: float) -> list[Tagged]:
    """Those not `needed` that were made before that time. What a kept one is built upon is kept. Pure."""
    kept = [one for one in tags if one.tag in needed or one.created >= before]
    below = {one.layers[:count] for one in kept for count in range(1, len(one.layers) + 1)}
    return [one for one in tags if one not in kept and one.layers not in below]


def tagged(api: APIClient) -> list[Tagged]:
    """The engine's tags of training images; never `latest`, which is for people, nor a base image."""
    names = "|".join(map(re.escape, images()))
    ours = re.compile(rf"trainyard/({names})(-derived)?(-packages)?:[0-9a-f]{{12}}")
    found = []
    for image in api.images(filters={"reference": "trainyard/*"}):
        for tag in image["RepoTags"] or ():
            if ours.fullmatch(tag):
                layers = tuple(api.inspect_image(tag)["RootFS"]["Layers"])  # type: ignore[no-untyped-call]
                found.append(Tagged(tag, float(image["Created"]), int(image["Size"]), layers))
    return found


def needed(api: APIClient, home: Path, referred: Collection[str]) -> set[str]:
    """The tags that the catalogue would build now, those that runs refer to, and those of containers."""
    now = {current_tag(api, name, home) for name in images()}
    below = {packages_tag(name, base_of(api, home)) for name in images()}
    return now | below | set(referred) | {one["Image"] for one in api.containers(all=True)}
