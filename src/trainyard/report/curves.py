"""Learning curves of a run's trials as inline SVG."""

from __future__ import annotations

from trainyard.runs.state import RunState
from trainyard.runs.store import Run
from trainyard.verbs.follow import history

_CHARTS = (("accuracy", ("accuracy", "acc")), ("loss", ("loss",)))
_MAX_POINTS = 200


def curves(run: Run, state: RunState) -> list[str]:
    """One SVG for accuracy and one for loss, training and validation of every trial; none without epochs."""
    rows = {t.spec.trial: history(run.trial(t.spec.trial)) for t in state.trials if t.attempts}
    charts = []
    for title, endings in _CHARTS:
        series = [
            (f"trial {number} {'validation' if column.startswith('val_') else 'training'}", values)
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


def _draw(title: str, series: list[tuple[str, list[float | None]]]) -> str:
    import pygal
    from pygal.style import CleanStyle

    chart = pygal.Line(
        style=CleanStyle(background="transparent", plot_background="transparent"),
        js=[],  # nothing is loaded from elsewhere
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
    longest = max(len(values) for _, values in series)
    step = max(1, longest // _MAX_POINTS)
    chart.x_labels = [str(i + 1) for i in range(0, longest, step)]
    chart.x_labels_major = chart.x_labels[:: max(1, len(chart.x_labels) // 10)]
    for name, values in series:
        chart.add(
            name, values[::step], stroke_style={"dasharray": "6, 4"} if "training" in name else {"width": 2}
        )
    return str(chart.render(is_unicode=True))


def _numbers(texts: list[str]) -> list[float | None]:
    numbers: list[float | None] = []
    for text in texts:
        try:
            value = float(text)
            numbers.append(value if abs(value) < 1e30 else None)
        except ValueError:
            numbers.append(None)
    return numbers if any(n is not None for n in numbers) else []
