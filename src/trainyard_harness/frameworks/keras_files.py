"""A Keras model's files: `.keras`, its weights, its computation where it has layers of the script's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from trainyard_harness.data import is_many
from trainyard_harness.session import Session

WHOLE, WEIGHTS, SERVED = "model.keras", "model.weights.h5", "served"
_LIBRARIES = {"keras", "tf_keras", "tensorflow"}


def save(model: Any, session: Session) -> str:
    """Saves `model` under the trial's `model/`; the file's path inside the trial."""
    folder = session.trial.model
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WHOLE
    try:
        model.save(path)
    except Exception as error:  # noqa: BLE001  custom parts that cannot be described: weights are left
        path.unlink(missing_ok=True)
        path = folder / WEIGHTS
        reason = " ".join(str(error).split())[:200]
        session.record.note(f"The model has parts that cannot be saved ({reason}): only its weights are.")
        model.save_weights(path)
    if any(type(layer).__module__.split(".")[0] not in _LIBRARIES for layer in model._flatten_layers()):
        _keep_computation(model, session)
    return path.relative_to(session.trial.folder).as_posix()


def _keep_computation(model: Any, session: Session) -> None:
    fitted = session.of(model)
    x = fitted.last[0] if fitted is not None and fitted.last else None
    try:
        serve(lambda one: model(one, training=False), spec(x), session.trial.model / SERVED, model)
    except Exception as error:  # noqa: BLE001  only predictions and a re-evaluation need it
        reason = " ".join(str(error).split())[:200]
        session.record.note(f"The model can be loaded with the script's own code alone ({reason}).")


def serve(call: Any, takes: Any, folder: Path, owner: Any = None) -> None:
    """Writes what `call` computes as TensorFlow's SavedModel, which is loaded without its classes.

    Args:
        takes: the `spec` of what it is called with.
        owner: the layer or model whose values it uses, where that is not `call` itself.
    """
    tensorflow = sys.modules["tensorflow"]
    module = tensorflow.Module()
    module.owner = owner if owner is not None else call
    module.values = [one if callable(one.value) else one.value for one in module.owner.variables]
    module.serve = tensorflow.function(call, input_signature=[takes])
    tensorflow.saved_model.save(module, str(folder))


def spec(x: Any) -> Any:
    """What a call takes that is given `x`, of any number of samples."""
    tensorflow = sys.modules["tensorflow"]
    if hasattr(x, "element_spec"):
        return tensorflow.nest.map_structure(
            lambda one: tensorflow.TensorSpec([None, *one.shape[1:]], one.dtype), x.element_spec[0]
        )
    if isinstance(x, dict):
        return {name: spec(part) for name, part in x.items()}
    if is_many(x):
        return [spec(part) for part in x]
    array = tensorflow.convert_to_tensor(x[:1])
    # Keras casts numbers to the type that it computes in.
    kind = tensorflow.float32 if array.dtype == tensorflow.float64 else array.dtype
    return tensorflow.TensorSpec([None, *array.shape[1:]], kind)


def load(folder: Path, own: dict[str, Any]) -> Any:
    """The saved model, or a `Served`; `own` are the script's classes and functions.

    Raises:
        ValueError: neither was kept.
    """
    if (folder / SERVED).is_dir():
        return Served(folder / SERVED)
    if not (folder / WHOLE).exists():
        raise ValueError("only the model's weights were saved")
    keras = sys.modules.get("keras") or __import__("keras")
    # Lambda layers hold code: it is run where the script's own is.
    return keras.models.load_model(folder / WHOLE, custom_objects=own, safe_mode=False)


class Served:
    """A computation that can be called as its model was; all else about the model is left behind."""

    def __init__(self, folder: Path) -> None:
        self._module = __import__("tensorflow").saved_model.load(str(folder))
        self._spec = self._module.serve.concrete_functions[0].structured_input_signature[0][0]

    def __call__(self, x: Any, training: bool = False) -> Any:
        del training
        tensorflow = sys.modules["tensorflow"]
        given = tensorflow.nest.map_structure(
            lambda one, part: tensorflow.cast(tensorflow.convert_to_tensor(part), one.dtype), self._spec, x
        )
        return self._module.serve(given)

    def _flatten_layers(self) -> list[Any]:
        return []
