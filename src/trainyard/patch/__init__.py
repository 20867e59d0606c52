"""Gives the winner back as a patch of the developer's own source (docs/reference/patch.md).

`patched` rewrites the files so that the script itself builds and trains what won; `difference` says whether a
training of the result built the same. Whoever calls them runs that training, and offers nothing without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainyard.patch import estimators, placing, settings, training, wanted
from trainyard.patch.source import Sources, UnpatchableError
from trainyard.patch.structure import difference
from trainyard.patch.wanted import Ladder

__all__ = ["Ladder", "UnpatchableError", "difference", "patched"]


def patched(
    folder: Path, entry: str, base: Mapping[str, Any], winner: Mapping[str, Any], ladder: Ladder
) -> dict[str, tuple[bytes, bytes]]:
    """The changed files of a checkout: (as they were, as they are to be), by their paths in it.

    Args:
        folder: the checkout.
        entry: the script that trains.
        base, winner: architecture.json of trial 0 and of the winning one. They come out of the sandbox.
        ladder: the winner's moves and those of the trials whose weights it stands on.

    Raises:
        UnpatchableError: the source can't say what the winner is, or nothing would change; why, in words.
    """
    sources = Sources(folder)
    try:
        if base.get("kind") == "estimator":
            estimators.patch(sources, entry, base, ladder.moves[-1])
        elif base.get("kind") in ("sequential", "functional", "subclassed"):
            network = wanted.network(base, winner)
            settings.patch(sources, network)
            placing.patch(sources, network)
            training.patch(sources, wanted.training(ladder, base), base)
        else:
            raise UnpatchableError("models of this kind are not patched")
        found = sources.changed()
    except UnpatchableError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        # what the sandbox wrote may be of any shape
        raise UnpatchableError(f"its architecture can't be read ({type(error).__name__})") from error
    if not found:
        raise UnpatchableError("nothing in the source would have to change")
    return found
