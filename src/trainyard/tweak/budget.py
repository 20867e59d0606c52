"""How long to train: epochs, rates and averages scaled to the number of weight updates, not of epochs."""

from __future__ import annotations

import math

from trainyard.policy import Policy
from trainyard.runs.files import Metric
from trainyard.tweak.network import Network
from trainyard.tweak.record import TrialRecord

UPDATES = 1500
"""Weight updates that small networks need to settle; on larger data an epoch alone has more."""
MOST_EPOCHS = 120


FEWEST_STEPS = 3
"""Weight updates per epoch below which the batches are so large that epochs go by and little is learnt."""
USUAL_BATCH, LARGE_BATCH = 32, 256
"""What is taken instead, and from which size on: smaller ones the usual number of updates does for."""


def batch_size(record: TrialRecord, network: Network) -> int:
    """The script's own; the usual one where that leaves an epoch hardly any weight updates."""
    own, n = network.batch_size, record.n_train
    return USUAL_BATCH if n and own >= LARGE_BATCH and n < own * FEWEST_STEPS else own


def steps_per_epoch(record: TrialRecord, network: Network) -> int:
    n = record.n_train
    return max(1, math.ceil(n / batch_size(record, network))) if n else 30


def epochs_for(record: TrialRecord, network: Network, updates: int = UPDATES) -> int:
    """Epochs that give `updates` weight updates; never fewer than the script's own."""
    wanted = math.ceil(updates / steps_per_epoch(record, network))
    return max(network.epochs, min(MOST_EPOCHS, max(wanted, 5)))


def patience(epochs: int) -> int:
    """Epochs without a better validation number after which training stops."""
    return max(4, min(15, epochs // 5))


def momentum(record: TrialRecord, network: Network) -> float:
    """BatchNormalization's momentum: averages that settle within a third of an epoch.

    Keras' 0.99 takes hundreds of updates to settle; until then a small data set is judged by wrong averages.
    """
    return round(min(0.99, max(0.5, math.exp(-3 / steps_per_epoch(record, network)))), 3)


def goal(policy: Policy, bar: float, selection: Metric | None) -> float:
    """The selection number to aim at: the bar and, for proportions, one and a half standard errors more.

    The best of several epochs on the selection part is better than the model is: one that only just crosses
    there falls short on the part that the gate reads.

    Args:
        bar: what the selection part has to reach before the gate reads the other (`trainyard.gate.bar`).
    """
    if policy.direction != "max" or not 0 < bar < 1:
        return bar
    return bar + min(1.5 * error(bar, selection), 0.5 * (1 - bar))


def error(share: float, selection: Metric | None) -> float:
    """The standard error of a proportion on the selection part."""
    return math.sqrt(share * (1 - share) / (selection.n if selection and selection.n else 200))
