"""What the hooks of all frameworks share: the record, the data seen, the models fitted."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from trainyard_harness import preparation
from trainyard_harness.checkpoints import Store
from trainyard_harness.data import Print, count, fingerprint, merged
from trainyard_harness.history import History
from trainyard_harness.lookahead import Lookahead
from trainyard_harness.preparation import Step
from trainyard_harness.printed import numbers_in
from trainyard_harness.record import Record
from trainyard_harness.script import place_of, stack_of, truth_beside
from trainyard_harness.seen import Adapter, Division, Fitted, Prediction, Samples
from trainyard_harness.trial import Job, Trial


class OutOfTime(BaseException):
    """The time budget is over (SIGTERM). No Exception: scripts that catch all of them must not catch it."""


class StartAgain(BaseException):
    """A checkpoint does not fit what the script does now: the trial has to start from its beginning."""


PREDICTIONS_KEPT = 20
SAME = 0.0006
"""Numbers this near are one number, printed with three digits or more."""


class Session:
    """One training. `current()` gives it to the hooks."""

    def __init__(self, trial: Trial, job: Job, spec: dict[str, Any], entry: str, force_holdout: bool) -> None:
        self.trial = trial
        self.job = job
        self.spec = spec
        self.entry = entry
        self.force_holdout = force_holdout
        self.record = Record(trial.metrics)
        self.history = History(trial.history)
        self.store = Store(trial.checkpoint)
        self.lookahead = Lookahead(trial.work, entry)
        self.fitted: list[Fitted] = []
        self.fits = 0
        self.depth = 0
        self.out_of_time = False
        self.stoppable = 0
        """How many calls are under way that end soon by themselves once `out_of_time` is set."""
        self.running = False
        """The script's code is under way, or was: what ends it is raised in it."""
        self.concluding = False
        self.boosting = False
        """Whether a boosting estimator is being fitted: its library's own `train` is then followed."""
        self.measured_training = False
        """Whether the script has measured on training rows: what it then calls a test need not be one."""
        self.labels: list[list[str]] = []
        """Names of classes that the script makes known (encoders, a folder per class), in its order."""
        self.steps: list[Step] = []
        """What the script's own transformers made of its data."""
        self.holdable: dict[str, str] = {}
        """The variables `x` and `y` that rows can be held out of by a training from the beginning."""
        self.before_conclusion: list[Callable[[Session], None]] = []
        """What frameworks without a `fit` of their own do before the final numbers."""
        self._recent: dict[str, float] = {}
        self.predictions: list[Prediction] = []
        self.divisions: list[Division] = []
        self.folds: list[Any] = []
        """What estimators that are fitted anew in each fold made of their test rows."""
        self.fold: tuple[int, int] | None = None
        """The loop over folds that is under way, and the number of its fold."""
        self._faults = 0

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """While a framework's own code runs: what it calls of itself is not the script's doing."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def place(self) -> str | None:
        return place_of(sys._getframe(1), self.trial.work)

    def stack(self) -> list[str]:
        """See trainyard_harness.script.stack_of."""
        return stack_of(sys._getframe(1), self.trial.work)

    def fault(self, where: str, error: BaseException) -> None:
        """A fault of the harness's own: said in the notes, and the script goes on as if we were not there."""
        self._faults += 1
        if self._faults <= 20:
            self.record.note(f"Harness fault in {where}: {type(error).__name__}: {str(error)[:300]}")

    def of(self, model: Any) -> Fitted | None:
        """What is known of `model`."""
        return next((one for one in self.fitted if one.model is model), None)

    def take(self, model: Any, adapter: Adapter) -> Fitted:
        """What is known of `model`, which is taken in where it is new."""
        known = self.of(model)
        if known is None:
            known = Fitted(model, adapter)
            self.fitted.append(known)
        return known

    def next_fit(self) -> int:
        self.fits += 1
        return self.fits - 1

    def split_of(self, fitted: Fitted, x: Any, prints: Print | None) -> str:
        """Whose rows `x` are, seen from what `fitted` was trained on: train, validation, held-out or test."""
        # A model that was never fitted here was loaded: from what one of the others learnt, most likely.
        origins = [fitted] if fitted.fits else self.fitted
        if any(x is seen for one in origins for seen in one.trained_objects):
            return "train"
        for samples in (fitted.held_out, fitted.validation):
            if samples is None:
                continue
            if x is samples.x or (prints and samples.prints and prints.digest == samples.prints.digest):
                return samples.split
        if prints is None:
            return "test"
        known = [trained for one in origins for trained in one.trained_on]
        if any(prints.digest == trained.digest for trained in known):
            return "train"
        if known:
            # Rows come in pieces (mini-batches, several fits): no piece tells what all of them do.
            shared = prints.shared_with(known[0] if len(known) == 1 else merged(known))
            chance = max(trained.repeated() for trained in known)
            if shared >= 0.5 and chance < 0.5:
                return "train"
            if shared > max(0.01, 1.5 * chance):
                self.record.note(
                    f"Leak: {shared:.1%} of the {prints.n} test rows stand in the training rows as well."
                )
        return "test"

    def measured(
        self,
        fitted: Fitted,
        x: Any,
        y: Any,
        values: dict[str, float],
        origin: str,
        place: str | None,
        prints: Print | None = None,
        **options: Any,
    ) -> str:
        """Takes in a measurement of the script's own; returns the split it was made on.

        Data that is neither training nor validation data is kept as a test set of this model. `prints` are
        those of `x` where it does not show its rows itself.
        """
        prints = prints or fingerprint(x)
        split = self.split_of(fitted, x, prints)
        n = prints.n if prints else None
        for name, value in values.items():
            self.record.add(name, value, split=split, origin=origin, place=place, n=n)
        self.measured_training |= split == "train"
        known = fitted.validation
        if split == "validation" and known is not None:
            # The script's test set is its validation data as well: one set, and not untouched.
            known.origin, known.place, known.values, known.fits = origin, place, dict(values), fitted.fits
        if split == "test" and (y is not None or count(x) is None):
            options["fold"] = self.fold
            samples = Samples(x, y, "test", origin, place, prints=prints, options=options)
            samples.values, samples.fits = dict(values), fitted.fits
            fitted.tests.append(samples)
        return split

    def expects_test(self, x: Any, y: Any) -> bool:
        """Whether the script looks as if it measures on data of its own after this `fit`."""
        del y
        n = count(x)
        return self.lookahead.measures_other_data or any(n == one.n_train for one in self.divisions)

    def predicted(self, fitted: Fitted, x: Any, output: Any) -> None:
        """Remembers a prediction of the script's, so that a metric computed from it finds its rows.

        Where the script compares by hand, the truth is looked for by its name: that of the rows with y for x.
        """
        self.predictions.append(Prediction(fitted, x, output, count(x)))
        del self.predictions[:-PREDICTIONS_KEPT]
        truth = truth_beside(x, count(x), self.trial.work)
        if truth is not None and not any(one.x is x for one in fitted.tests):
            self.measured(fitted, x, truth, {}, "predict", self.place())

    def heard(self, line: str, origin: str = "printed line", place: str | None = None) -> None:
        """Takes in the numbers of a line that the script printed or wrote."""
        if self.depth or self.concluding:
            return
        for name, value, split, n in numbers_in(line):
            self.told(name, value, split, n, origin, place or self.place())

    def told(
        self, name: str, value: float, split: str, n: int | None, origin: str, place: str | None
    ) -> None:
        """Records a number in words; one that says no split has that of the captured number it equals."""
        if split == "unknown":
            same = [
                one["split"]
                for one in self.record.metrics
                if one["name"] == name and abs(one["value"] - value) < SAME and one["origin"] != origin
            ]
            split = same[-1] if same else split
        self.record.add(name, value, split=split, origin=origin, place=place, n=n)
        prefix = {"validation": "val_", "unknown": "", "train": ""}.get(split, f"{split}_")
        self._recent[f"{prefix}{name}"] = value

    def prepared(self, kind: str, owner: Any, given: Any, made: Any) -> None:
        """Remembers what a transformer made; see trainyard_harness.preparation."""
        if self.depth:
            return
        try:
            step = preparation.step_of(kind, owner, given, made, self.place())
            self.steps += [step] if step is not None else []
            del self.steps[: -preparation.KEPT]
        except Exception as error:  # noqa: BLE001  only predictions of raw samples need it
            self.fault("a transformer", error)

    def recent(self) -> dict[str, float]:
        """What the script has said since this was asked last."""
        found, self._recent = self._recent, {}
        return found

    def divided(self, fitted: Fitted) -> Samples | None:
        """The rows that the script split off and never measured on, where they are known for certain."""
        for division in reversed(self.divisions):
            found = division.counterpart(*fitted.last) if fitted.last else None
            if found is not None:
                return Samples(
                    *found, "test", "train_test_split", division.place, ordered=division.ordered,
                    prints=fingerprint(found[0]),
                )  # fmt: skip
        return None

    def know_data(self, facts: Callable[[], dict[str, Any] | None]) -> None:
        """Describes the training data, once."""
        if "data" not in self.record.fields:
            self.record.set(data=facts())

    def plan_epochs(self, epochs: int) -> None:
        """`epochs` more are coming."""
        self.record.set(epochs_planned=(self.record.fields.get("epochs_planned") or 0) + epochs)
        self.record.progress()

    def epoch(self, fit: int, epoch: int, values: dict[str, float], seconds: float) -> None:
        """One epoch is over: history.csv, and progress in metrics.json."""
        self.history.add(fit, epoch, values, seconds)
        self.record.set(epochs_done=len(self.history.rows))
        self.record.progress()


_session: Session | None = None


def begin(session: Session) -> None:
    global _session  # noqa: PLW0603  the hooks live in other people's classes: there is one session a process
    _session = session


def current() -> Session:
    if _session is None:
        raise RuntimeError("No training is under way.")
    return _session
