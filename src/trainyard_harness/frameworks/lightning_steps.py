"""The middle of an epoch of Lightning's: where its loops may be left, what they hold there, how they go on.

Lightning's own checkpoints of an epoch's middle know how many batches were done, and leave it to the loader
to go on with the next one. Here the loader draws the same batches again, from the random state that the epoch
began with, and throws away those that were trained on.
"""

from __future__ import annotations

import contextlib
import copy
import pickle
import sys
from collections.abc import Iterator
from typing import Any

_SHOWN = ("_callback_metrics", "_logged_metrics", "_progress_bar_metrics")
"""What the script has logged, in the connector that callbacks and loggers read it from."""

_SUMS = ("value", "cumulated_batch_size", "_forward_cache", "has_reset", "_update_count", "_computed")


@contextlib.contextmanager
def followed(trainer: Any, run: Any) -> Iterator[None]:
    """While a fit is under way its run (see lightning_run.FitRun) is told of the steps of each epoch."""
    loop = trainer.fit_loop.epoch_loop
    begin, end = loop.on_run_start, loop.on_advance_end

    def on_run_start(fetcher: Any) -> None:
        middle = run.steps_begin(trainer, fetcher)
        begin(fetcher)
        if middle:
            nothing_half_done(trainer)

    def on_advance_end(fetcher: Any) -> None:
        end(fetcher)
        run.step_ended(trainer, fetcher)

    loop.on_run_start, loop.on_advance_end = on_run_start, on_advance_end
    try:
        yield
    finally:
        del loop.on_run_start, loop.on_advance_end


def begin_epoch(trainer: Any) -> None:
    """An epoch begins from a checkpoint of its very beginning."""
    nothing_half_done(trainer)
    progress = trainer.fit_loop.epoch_progress
    for counted in (progress.total, progress.current):
        # Lightning counts an epoch that it begins again twice, and takes its middle for its beginning then.
        counted.ready = counted.started + 1


def nothing_half_done(trainer: Any) -> None:
    """The loops go on as if they had never been loaded: no step, no validation is to be made good."""
    loop = trainer.fit_loop
    loop._restarting = loop._resuming_from_checkpoint = loop.epoch_loop.restarting = False
    loop.epoch_loop.reset_restart_stage()


def between(trainer: Any, fetcher: Any) -> bool:
    """Whether the epoch can be left here: not after its last batch, nor with gradients half collected."""
    if type(fetcher).__name__ == "_DataLoaderIterDataFetcher":  # `training_step` draws the batches itself
        return False
    return not (fetcher.done or trainer.fit_loop.epoch_loop._should_accumulate())


def state(trainer: Any) -> dict[str, Any]:
    """`step`, the number of batches done in this epoch, and what was logged in it so far."""
    loop = trainer.fit_loop.epoch_loop
    shown = {name: dict(getattr(trainer._logger_connector, name)) for name in _SHOWN}
    results = {key: _plain(one) for key, one in loop._results.items()}
    return {"step": loop.batch_progress.current.completed, "logged": pickle.dumps((results, shown))}


def _plain(metric: Any) -> tuple[Any, bool, dict[str, Any]]:
    """One logged number's description and sums, without the strategy that it is reduced by."""
    meta, sync = copy.copy(metric.meta), copy.copy(metric.meta.sync)
    sync.fn = None
    sync._generate_sync_fn()
    meta._sync = sync
    # A torchmetric that was logged itself is the module's, and kept with that.
    names = [name for name in _SUMS if name in vars(metric) and (metric.is_tensor or name != "value")]
    return meta, metric.is_tensor, {name: vars(metric)[name] for name in names}


def go_on(trainer: Any, fetcher: Any, middle: dict[str, Any]) -> None:
    """Draws the batches that were done already, and puts back what was logged of them."""
    loop = trainer.fit_loop.epoch_loop
    if trainer.current_epoch:  # the first epoch's iterator is there already
        iter(fetcher)
    for _ in range(middle["step"]):
        next(fetcher)
    fetcher.fetched = 0  # Lightning adds the batches that its checkpoint counts
    results, shown = pickle.loads(middle["logged"])  # noqa: S301  own file, read inside the sandbox
    kind = sys.modules[type(loop._results).__module__]._ResultMetric
    for key, (meta, is_tensor, sums) in results.items():
        meta.sync.fn = trainer.strategy.reduce
        meta.sync._generate_sync_fn()
        metric = loop._results[key] = kind(meta, is_tensor)
        vars(metric).update(sums)
        if not is_tensor:
            metric.value = trainer.lightning_module.get_submodule(meta.metric_attribute)
    trainer._logger_connector._first_loop_iter = False  # else the first step would begin the sums anew
    for name, values in shown.items():
        getattr(trainer._logger_connector, name).update(values)
