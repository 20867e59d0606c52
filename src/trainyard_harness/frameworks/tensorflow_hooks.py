"""What is set in TensorFlow itself."""

from __future__ import annotations

from types import ModuleType

from trainyard_harness.imports import AfterImport

SMALL = 40
"""Operations of a graph that is run as it is.

A tf.data pipeline's functions are optimised anew for every iterator, so for every epoch and every validation:
on a few hundred rows that takes as long as the training. Keras' own pipelines of arrays have under 40
operations, a training step has hundreds, and the numbers stay the same to the bit.
"""


def install(imports: AfterImport) -> None:
    imports.add("tensorflow", patch)


def patch(tensorflow: ModuleType) -> None:
    """Source: https://www.tensorflow.org/api_docs/python/tf/config/optimizer/set_experimental_options"""
    tensorflow.config.optimizer.set_experimental_options({"min_graph_nodes": SMALL})
