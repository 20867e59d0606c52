"""Before and after a Keras `fit`: moves, held-out rows, what the data is, the run that is made."""

from __future__ import annotations

import functools
import math
import types
from typing import Any

from trainyard_harness.data import count, fingerprint, take
from trainyard_harness.facts import data_facts
from trainyard_harness.files import dump, replace_quickly
from trainyard_harness.frameworks.keras_holdout import (
    hold_out,
    holds_out,
    is_plain,
    keep_back,
    kind_of,
)
from trainyard_harness.frameworks.keras_mistakes import Peeked, mistakes
from trainyard_harness.frameworks.keras_model import describe, describe_compile
from trainyard_harness.frameworks.keras_run import FitRun
from trainyard_harness.holdout import halves
from trainyard_harness.seen import Adapter, Fitted, Samples
from trainyard_harness.session import Session


def prepare(
    session: Session, adapter: Adapter, model: Any, arguments: dict[str, Any], place: str | None
) -> tuple[dict[str, Any], FitRun]:
    """The arguments to call the original `fit` with, and the run that its callbacks report to."""
    fitted = session.take(model, adapter)
    number = session.next_fit()
    if not session.spec["moves"] and not fitted.fits:
        _name_mistakes(session, model, arguments)
    if arguments.get("batch_size") == 0:
        arguments.pop("batch_size")
    plain_data = is_plain(arguments.get("x"))
    _know_validation(fitted, arguments, place)
    own_validation = fitted.validation is not None
    if fitted.validation is None and holds_out(session, fitted, arguments):
        # Measuring on all that it passed to `fit` is measuring on training rows, held out or not.
        fitted.trained_objects.append(arguments.get("x"))
        arguments = hold_out(session, fitted, arguments, place)
    if session.spec["moves"]:
        arguments = _watched(session, fitted, arguments)
    arguments = (_moved if session.spec["moves"] else _projected)(session, fitted, arguments)
    _know_training(session, fitted, arguments)
    fitted.fits += 1
    session.record.set(framework=adapter.framework)
    epochs = int(arguments.get("epochs") or 1) - int(arguments.get("initial_epoch") or 0)
    session.plan_epochs(epochs)
    fitted.training = {
        "epochs": epochs,
        "batch_size": arguments.get("batch_size") or (32 if count(arguments.get("x")) else None),
        "validation_split": arguments.get("validation_split"),
        "n_train": fitted.trained_on[-1].n if fitted.trained_on else None,
        "callbacks": [type(one).__name__ for one in _listed(arguments.get("callbacks"))],
        "validation": own_validation,
        "made_at": session.stack(),
    }
    keep_best = session.spec["trial"] > 0 and not any(
        getattr(one, "restore_best_weights", False) for one in _listed(arguments.get("callbacks"))
    )
    write_architecture(session, fitted)
    return arguments, FitRun(session, model, number, plain_data=plain_data, keep_best=keep_best)


def _name_mistakes(session: Session, model: Any, arguments: dict[str, Any]) -> None:
    """Says what can't work before any of it is trained; of several models the last one's is kept."""
    compiled, x = describe_compile(model), arguments.get("x")
    if isinstance(x, types.GeneratorType):
        x = Peeked(x)
        arguments["x"] = x.again()
    try:
        with session.inside():
            found = mistakes(model, x, arguments.get("y"), compiled["loss"], compiled["metrics"])
    except Exception as error:  # noqa: BLE001  data that can't be looked at is for `fit` to say
        session.fault("mistakes", error)
        return
    session.record.set(mistakes=[])
    session.record.mistaken(found)


def finish(session: Session, model: Any) -> None:
    """After `fit`, however it ended."""
    try:
        fitted = session.of(model)
        if fitted is not None:
            session.record.set(parameters=int(model.count_params()) if model.built else None)
            write_architecture(session, fitted)
            session.record.progress()
    except Exception as error:  # noqa: BLE001
        session.fault("after fit", error)


def write_architecture(session: Session, fitted: Fitted) -> None:
    found = {**describe(fitted.model), "training": fitted.training}
    replace_quickly(session.trial.architecture, dump(found))


def plain_name(name: str) -> str:
    """Keras' names for one thing as one name: `acc` and `sparse_categorical_accuracy` are `accuracy`."""
    prefix = "val_" if name.startswith("val_") else ""
    bare = name.removeprefix("val_")
    if bare in {"acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"}:
        bare = "accuracy"
    return prefix + {"mean_squared_error": "mse", "mean_absolute_error": "mae"}.get(bare, bare)


def _watched(session: Session, fitted: Fitted, arguments: dict[str, Any]) -> dict[str, Any]:
    """Gives a retrain without validation data some: its test rows' half to choose by, or rows kept back.

    The former where the test rows are known already.
    """
    if fitted.validation is not None or fitted.held_out is not None:
        return arguments
    fitted.last = (arguments.get("x"), arguments.get("y"))
    test = session.divided(fitted)
    n = test.n if test is not None else None
    if test is None or not n or test.ordered:
        return keep_back(session, arguments)
    rows = halves(n, session.job.seed, test.y)[0]
    return {**arguments, "validation_data": (take(test.x, rows), take(test.y, rows))}


def _moved(session: Session, fitted: Fitted, arguments: dict[str, Any]) -> dict[str, Any]:
    """Applies the spec: the architecture once per model, the training settings to every fit."""
    from trainyard_harness import moves
    from trainyard_harness.moves import keras as network
    from trainyard_harness.moves import race

    if not fitted.fits:
        model = fitted.model
        first = len(session.fitted) == 1
        parent = session.trial.parent if first else None
        changed, inherited, notes, raced = race.run(model, session.spec["moves"], parent, arguments)
        session.record.set(race=raced)
        if changed is not model:
            # The script keeps its own object: whatever it calls on it next must find the changed model.
            object.__setattr__(model, "__class__", type(changed))
            object.__setattr__(model, "__dict__", changed.__dict__)
        for note in notes:
            session.record.note(note)
        session.record.set(inherited=inherited)
    wanted = moves.training(session.spec["moves"])
    arguments["callbacks"] = [
        *network.callbacks(fitted.model, session.spec["moves"]),
        *_unscheduled(session, _listed(arguments.get("callbacks"))),
    ]
    own = int(arguments.get("epochs") or 1)
    # A script that loops over `fit` has its own idea of epochs: only a model's longest fit is made longer.
    if "epochs" in wanted and (not fitted.fits or own > fitted.longest):
        arguments["epochs"] = int(wanted["epochs"]) + int(arguments.get("initial_epoch") or 0)
    fitted.longest = max(fitted.longest, own)
    if "batch_size" in wanted and count(arguments.get("x")) is not None:
        arguments["batch_size"] = int(wanted["batch_size"])
    if "patience" in wanted:
        for callback in _listed(arguments.get("callbacks")):
            if type(callback).__name__ == "EarlyStopping":
                callback.patience = int(wanted["patience"])
    return arguments


def _unscheduled(session: Session, callbacks: list[Any]) -> list[Any]:
    """The script's callbacks without a schedule that would undo the rate that the spec asks for."""
    if not {move["kind"] for move in session.spec["moves"]} & {"learning_rate", "optimizer"}:
        return callbacks
    left = [one for one in callbacks if type(one).__name__ != "LearningRateScheduler"]
    if len(left) < len(callbacks):
        session.record.note("The script's LearningRateScheduler was left out: this trial sets the rate.")
    return left


def _projected(session: Session, fitted: Fitted, arguments: dict[str, Any]) -> dict[str, Any]:
    """Watches the code's own training: what can't reach the target is not trained to its end."""
    from trainyard_harness.moves import keras as network
    from trainyard_harness.moves import projection

    planned = int(arguments.get("epochs") or 1) - int(arguments.get("initial_epoch") or 0)
    target = session.job.target
    if target is None or fitted.fits:
        return arguments

    def say(sentence: str) -> None:
        session.record.set(abandoned=sentence)

    watching = projection.callback(network.keras_of(fitted.model), target, planned, say)
    return {**arguments, "callbacks": [*_listed(arguments.get("callbacks")), watching]}


def _listed(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    if hasattr(callbacks, "callbacks"):
        return list(callbacks.callbacks)
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]


def _know_validation(fitted: Fitted, arguments: dict[str, Any], place: str | None) -> None:
    """The validation data that the script passes, as Samples."""
    data, share = arguments.get("validation_data"), arguments.get("validation_split")
    x, y = arguments.get("x"), arguments.get("y")
    ordered = arguments.get("shuffle") is False
    if data is not None:
        pair = data if isinstance(data, tuple | list) and len(data) in {2, 3} else (data, None)
        fitted.validation = Samples(
            pair[0], pair[1], "validation", "validation_data", place, ordered=ordered,
            options={"steps": arguments.get("validation_steps")},
        )  # fmt: skip
        fitted.validation.prints = fingerprint(pair[0])
    elif share and count(x) is not None:
        first = first_validation_row(count(x) or 0, share)
        fitted.validation = Samples(
            _tail(x, first), _tail(y, first), "validation", "validation_split", place, ordered=True
        )
        fitted.validation.prints = fingerprint(fitted.validation.x)


def first_validation_row(n: int, share: float) -> int:
    """Keras takes the last rows for `validation_split`; this is where they begin."""
    return math.floor(n * (1.0 - share))


def _tail(x: Any, first: int) -> Any:
    import numpy as np

    n = count(x)
    return take(x, np.arange(first, n)) if n is not None else None


def _know_training(session: Session, fitted: Fitted, arguments: dict[str, Any]) -> None:
    x, y = arguments.get("x"), arguments.get("y")
    share = arguments.get("validation_split")
    if share and arguments.get("validation_data") is None and count(x) is not None:
        import numpy as np

        index = np.arange(first_validation_row(count(x) or 0, share))
        x, y = take(x, index), take(y, index)
    fitted.last = (arguments.get("x"), arguments.get("y"))
    seen = getattr(x, "x", x) if type(x).__name__ == "NumpyArrayIterator" else x
    prints = fingerprint(seen) if kind_of(seen) == "arrays" else None
    if prints is None:
        fitted.trained_objects.append(x)
    else:
        fitted.trained_on.append(prints)
    facts = functools.partial(data_facts, x, y)
    session.know_data(facts)
