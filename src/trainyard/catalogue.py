"""`images/catalogue.yml`: which image serves a framework and API generation, and what it already holds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from trainyard import resources
from trainyard.exits import ExitCode, TrainyardError


class Image(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One image of the tree."""

    parent: str | None
    about: str
    provides: list[str]


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The first rule whose keys all match decides."""

    framework: str
    family: str | None = None
    api: str | None = None
    image: str | None = None
    unsupported: str | None = None


class Catalogue(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    schema: int
    images: dict[str, Image]
    rules: list[Rule]

    def choose(self, framework: str, family: str | None, api: str | None) -> tuple[str | None, str | None]:
        """The image's name and None, or None and why there is none."""
        for rule in self.rules:
            if rule.framework != framework:
                continue
            if (rule.family is None or rule.family == family) and (rule.api is None or rule.api == api):
                return rule.image, rule.unsupported
        return None, f"because no image serves {framework}"

    def provides(self, image: str) -> set[str]:
        """The distributions that an image and its parents hold, in normal spelling."""
        out: set[str] = set()
        at: str | None = image
        while at is not None and at in self.images:
            out |= {name.lower().replace("_", "-") for name in self.images[at].provides}
            at = self.images[at].parent
        return out

    def frameworks(self) -> list[str]:
        """The frameworks that some image serves."""
        return list(dict.fromkeys(rule.framework for rule in self.rules if rule.image))


def load(path: Path | None = None) -> Catalogue:
    """Reads the catalogue; raises TrainyardError naming the file and the field when it is wrong."""
    return _load(path or resources.IMAGES / "catalogue.yml")


@lru_cache(maxsize=4)
def _load(path: Path) -> Catalogue:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        catalogue = msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), loader), Catalogue)  # noqa: S506
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise TrainyardError(
            ExitCode.BAD_CONFIG, f"{path}: {error}", "Repair or restore the file."
        ) from error
    for name, image in catalogue.images.items():
        if image.parent is not None and image.parent not in catalogue.images:
            raise TrainyardError(
                ExitCode.BAD_CONFIG, f"{path}: image {name} has the unknown parent {image.parent}."
            )
    for rule in catalogue.rules:
        if (rule.image is None) == (rule.unsupported is None) or (
            rule.image and rule.image not in catalogue.images
        ):
            raise TrainyardError(
                ExitCode.BAD_CONFIG, f"{path}: the rule for {rule.framework} names no known image."
            )
    return catalogue
