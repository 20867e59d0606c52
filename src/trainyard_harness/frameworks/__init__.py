"""One module per framework, or per concern of a large one: each patch with its reason."""

from __future__ import annotations

from trainyard_harness.frameworks import (
    catboost_hooks,
    keras_hooks,
    keras_text,
    lightgbm_hooks,
    lightning_hooks,
    sklearn_hooks,
    sklearn_metrics,
    tensorflow_hooks,
    torch_hooks,
    xgboost_hooks,
)

HOOKS = (
    tensorflow_hooks.install,
    keras_hooks.install,
    keras_text.install,
    sklearn_hooks.install,
    sklearn_metrics.install,
    xgboost_hooks.install,
    lightgbm_hooks.install,
    catboost_hooks.install,
    torch_hooks.install,
    lightning_hooks.install,
)
