"""The pipeline that moves put around a script's estimator. Imports scikit-learn."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline


class Behind(Pipeline):  # type: ignore[misc]
    """Shows what its last step was given and has learnt (`n_neighbors`, `coef_`) as its own."""

    def __getattr__(self, name: str) -> Any:
        steps = self.__dict__.get("steps")
        if steps and not name.startswith("_"):
            last = steps[-1][1]
            if name.endswith("_") or name in last.get_params(deep=False):
                return getattr(last, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
