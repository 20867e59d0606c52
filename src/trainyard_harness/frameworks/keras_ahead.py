"""What Keras 3 makes while it traces the first step of a training, made before it."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any

from trainyard_harness.data import count, take


def fit(original: Callable[..., Any], own_step: Any) -> Callable[..., Any]:
    """`Model.fit` that makes the variables of optimizer and metrics first, where only its first step would.

    TensorFlow traces a function that makes variables twice, and one trace of a training step takes as long as
    a small network's first epochs. The numbers that come out are the same.
    Source: https://www.tensorflow.org/guide/function#creating_tfvariables

    Args:
        own_step: Keras' `Model.train_step`; a script's own may use several optimizers, or none.
    """
    signature = inspect.signature(original)

    @functools.wraps(original)
    def with_variables(model: Any, *args: Any, **kwargs: Any) -> Any:
        if type(model).train_step is own_step:
            with contextlib.suppress(Exception):  # what does not fit is for `fit` to say
                given = signature.bind(model, *args, **kwargs).arguments
                _make_variables(model, given.get("x"), given.get("y"))
        return original(model, *args, **kwargs)

    return with_variables


def _make_variables(model: Any, x: Any, y: Any) -> None:
    import numpy as np

    optimizer, metrics = model.optimizer, model._compile_metrics
    if not model.built or optimizer is None or optimizer.built:
        return
    if getattr(model, "_distribute_strategy", None) is not None:
        return  # variables are made in its scope
    optimizer.build(model.trainable_variables)
    if metrics is None or metrics.built or count(x) is None or not count(y) or len(model.outputs) != 1:
        return
    answers = tuple(size or 1 for size in model.output_shape)
    metrics.build(np.asarray(take(y, [0])), np.zeros(answers, "float32"))
