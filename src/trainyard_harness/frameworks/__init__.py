"""One module per framework, or per concern of a large one: each patch with its reason."""

from __future__ import annotations

from trainyard_harness.frameworks import keras_hooks, sklearn_hooks, sklearn_metrics

HOOKS = (keras_hooks.install, sklearn_hooks.install, sklearn_metrics.install)
