"""A race: two forms of a network train for a few epochs on the script's own data, and the better goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainyard_harness.data import count
from trainyard_harness.moves import keras as network


def entrants(moves: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The moves of each form: without the race, and with what it sets against that."""
    plain = [move for move in moves if move["kind"] != "race"]
    race = next((move["args"] for move in moves if move["kind"] == "race"), None)
    return [plain] if race is None else [plain, [*plain, *race["other"]]]


def run(
    model: Any, moves: list[dict[str, Any]], parent: Path | None, fit: dict[str, Any]
) -> tuple[Any, bool, list[str], dict[str, Any] | None]:
    """Builds what the moves ask for; where they ask for a race, the winner as it stands after it.

    Where the first form gets to what the `stop` move calls enough, the other is not trained. A restarted
    training races again: from equal seeds to the same end.

    Args:
        fit: the arguments of the script's `fit`.

    Returns:
        (model, whether weights were inherited, notes, what happened: `winner` and the `scores` of those that
        ran, if there was a race).
    """
    wanted = entrants(moves)
    judged = fit.get("validation_data") is not None or fit.get("validation_split")
    if len(wanted) == 1 or not judged or count(fit.get("x")) is None:
        return (*network.apply(model, wanted[0], parent), None)
    asked = {move["kind"]: move["args"] for move in moves}
    enough = asked.get("stop", {}).get("enough")
    forms: list[tuple[Any, bool, list[str]]] = []
    scores: list[float] = []
    for one in wanted:
        forms.append(network.apply(model, one, parent))
        scores.append(_score(forms[-1][0], fit, asked["race"]["epochs"]))
        if enough is not None and scores[-1] >= enough:
            break
    winner = scores.index(max(scores))
    return (*forms[winner], {"winner": winner, "scores": [round(score, 4) for score in scores]})


def _score(model: Any, fit: dict[str, Any], epochs: int) -> float:
    """The best validation accuracy, or minus the least loss, of the first epochs."""
    more = {key: value for key, value in fit.items() if key not in ("epochs", "callbacks", "verbose")}
    history = model.fit(**more, epochs=epochs + int(fit.get("initial_epoch") or 0), verbose=0).history
    name = next((one for one in history if one.startswith("val_") and "acc" in one), None)
    return float(max(history[name]) if name else -min(history["val_loss"]))
