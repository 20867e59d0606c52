"""Learning curves of a run's trials as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainyard.runs.state import RunState
from trainyard.runs.store import Run
from trainyard.verbs.follow import history

_CHARTS = (("accuracy", ("accuracy", "acc")), ("loss", ("loss",)))
_MAX_POINTS = 200
_COLOURS = ("#888888", "#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#9a6700", "#0a7d91")
"""One a trial: trial 0 is grey, training is dashed."""


@dataclass(frozen=True)
class Curve:
    """One trial's values of one metric by epoch."""

    trial: int
    validation: bool
    values: list[float | None]


def curves(run: Run, state: RunState) -> list[str]:
    """One SVG for accuracy and one for loss, training and validation of every trial; none without epochs."""
    rows = {t.spec.trial: history(run.trial(t.spec.trial)) for t in state.trials if t.attempts}
    charts = []
    for title, endings in _CHARTS:
        series = [
            Curve(number, column.startswith("val_"), values)
            for number, table in rows.items()
            for column in (table[0] if table else ())
            if _is_of(column, endings) and (values := _numbers([row[column] for row in table]))
        ]
        if series:
            charts.append(_draw(title, series))
    return charts


def _is_of(column: str, endings: tuple[str, ...]) -> bool:
    plain = column.removeprefix("val_")
    return plain in endings or (endings[0] == "accuracy" and plain.endswith("_accuracy"))


def _draw(title: str, series: list[Curve]) -> str:
    import pygal
    from pygal.style import CleanStyle

    chart = pygal.Line(
        style=CleanStyle(
            background="transparent",
            plot_background="transparent",
            font_family="system-ui, sans-serif",
            guide_stroke_color="#ddd",
            major_guide_stroke_color="#ddd",
            colors=tuple(_COLOURS[curve.trial % len(_COLOURS)] for curve in series),
        ),
        js=[],
        width=900,
        height=360,
        title=f"{title} by epoch",
        x_title="epoch",
        show_dots=False,
        legend_at_bottom=True,
        show_minor_x_labels=False,
        explicit_size=False,
        disable_xml_declaration=True,
    )
    longest = max(len(curve.values) for curve in series)
    step = max(1, longest // _MAX_POINTS)
    chart.x_labels = [str(i + 1) for i in range(0, longest, step)]
    chart.x_labels_major = chart.x_labels[:: max(1, len(chart.x_labels) // 10)]
    for curve in series:
        name = f"trial {curve.trial} {'validation' if curve.validation else 'training (dashed)'}"
        line = {"width": 2} if curve.validation else {"dasharray": "6, 4"}
        chart.add(name, curve.values[::step], stroke_style=line)
    chart.add_xml_filter(_without_scripts)
    return str(chart.render(is_unicode=True))


def _without_scripts(root: Any) -> Any:
    """Pygal adds its configuration as a script even where none is to run."""
    for definitions in root.iter("defs"):
        for script in definitions.findall("script"):
            definitions.remove(script)
    return root


def _numbers(texts: list[str]) -> list[float | None]:
    numbers: list[float | None] = []
    for text in texts:
        try:
            value = float(text)
            numbers.append(value if abs(value) < 1e30 else None)
        except ValueError:
            numbers.append(None)
    return numbers if any(n is not None for n in numbers) else []
