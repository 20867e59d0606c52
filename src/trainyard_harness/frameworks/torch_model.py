"""A PyTorch module after training: its predictions, its description, its files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from trainyard_harness.data import count
from trainyard_harness.frameworks.keras_model import BATCH, COLLECTED, judged
from trainyard_harness.frameworks.torch_rebuild import made
from trainyard_harness.holdout import classes_of
from trainyard_harness.seen import Samples
from trainyard_harness.session import Session

SCRIPTED, WHOLE = "model.torchscript.pt", "module.pickle"
"""What is loaded for predictions: the module as TorchScript, else with the script's own classes."""


class TorchAdapter:
    """See trainyard_harness.session.Adapter."""

    framework = "pytorch"
    optimizer: dict[str, Any] | None = None
    """The last optimizer that the script made: class and the rate that it begins with."""

    def outcome(self, model: Any, samples: Samples) -> dict[str, Any]:
        import numpy as np

        if samples.y is not None and count(samples.x) is not None:
            scores, truth = self.predict(model, samples.x), np.asarray(samples.y)
        else:
            scores, truth = self._over_batches(model, samples)
        return _judged(scores, truth)

    def predict(self, model: Any, x: Any) -> Any:
        import numpy as np

        torch = sys.modules["torch"]
        found, network = [], self.network(model)
        with _resting(torch, model):
            for first in range(0, len(x), BATCH):
                found.append(_output(network(torch.as_tensor(x[first : first + BATCH]))).numpy())
        return np.concatenate(found)

    def network(self, model: Any) -> Any:
        """What is called for a prediction."""
        return model

    def _over_batches(self, model: Any, samples: Samples) -> tuple[Any, Any]:
        import numpy as np

        torch = sys.modules["torch"]
        scores, truths, inputs, size = [], [], [], 0
        network = self.network(model)
        with _resting(torch, model):
            for batch in samples.x:
                x, y = batch[0], batch[1]
                scores.append(_output(network(x)).numpy())
                truths.append(np.asarray(y))
                if size <= COLLECTED:
                    inputs.append(x.numpy())
                    size += inputs[-1].nbytes
        if size <= COLLECTED:
            samples.options["collected"] = np.concatenate(inputs)
        samples.y = np.concatenate(truths)
        return np.concatenate(scores), samples.y

    def save(self, model: Any, session: Session) -> str | None:
        """The state dict, and the module as TorchScript, which is loaded without the script's own classes."""
        torch = sys.modules["torch"]
        folder = session.trial.model
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "model.pt"
        torch.save(model.state_dict(), path)
        try:
            model.eval()
            torch.jit.save(torch.jit.script(self.network(model)), folder / SCRIPTED)
        except Exception as error:  # noqa: BLE001  code that TorchScript does not know
            text = str(error).strip().splitlines()
            reason = text[0] if text else type(error).__name__
            (folder / SCRIPTED).unlink(missing_ok=True)
            torch.save(self.network(model), folder / WHOLE)
            session.record.note(f"The module is loaded by the script's own code ({reason[:200]}).")
        return path.relative_to(session.trial.folder).as_posix()

    def describe(self, model: Any) -> dict[str, Any]:
        layers = [
            {
                "name": name,
                "class_name": type(layer).__name__,
                "config": {"text": layer.extra_repr()},
                "output_shape": None,
                "params": sum(one.numel() for one in layer.parameters()),
                "made": made(layer),
            }
            for name, layer in model.named_modules()
            if name and not any(True for _ in layer.children())
        ]
        return {
            "schema": 1,
            "kind": "subclassed",
            "layers": layers,
            "config": None,
            "compile": self.optimizer and {"loss": "", "optimizer": self.optimizer, "metrics": []},
            "parameters": sum(one.numel() for one in model.parameters()),
        }


def _output(output: Any) -> Any:
    """The tensor in a model's output: itself, or `logits` of an object or dict that names them.

    Raises:
        ValueError: there is none.
    """
    named: Any = output.get("logits") if isinstance(output, dict) else getattr(output, "logits", output)
    if not hasattr(named, "detach"):
        raise ValueError("the model's output is no tensor")
    return named.detach().cpu()


class _resting:  # noqa: N801  used like a function
    """A module in evaluation mode and without gradients, and as it was afterwards."""

    def __init__(self, torch: Any, model: Any) -> None:
        self._model, self._training = model, model.training
        self._grad = torch.no_grad()

    def __enter__(self) -> None:
        self._model.eval()
        self._grad.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._grad.__exit__(*error)
        self._model.train(self._training)


def _judged(scores: Any, truth: Any) -> dict[str, Any]:
    """The task, from outputs and labels alone: there is no compiled loss to ask."""
    discrete = classes_of(truth) is not None
    wide = scores.ndim > 1 and scores.shape[-1] > 1
    if truth.dtype.kind in "iub" and wide:
        return judged("classification", scores, truth, False)
    if discrete and not wide and set(map(float, truth.reshape(-1)[:1000])) <= {0.0, 1.0}:
        outside = bool((scores < 0).any() or (scores > 1).any())
        return judged("classification", scores, truth, outside)
    return judged("regression", scores, truth, False)


def load(folder: Path) -> Any:
    """The saved module. Only ever called inside the sandbox: what TorchScript does not know is a pickle."""
    torch = __import__("torch")
    if (folder / SCRIPTED).exists():
        return torch.jit.load(folder / SCRIPTED)
    return torch.load(folder / WHOLE, weights_only=False)
