"""The plots of a report: which there are, of what, and what their captions say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pageside_export.card import axes
from pageside_export.card.plots import Point, Series, lines, scatter

ERROR = "error, as a share of the output's norm"
DOWNLOAD = "download in {unit}"
TIME = "native time of one call in ms"
WASM_TIME = "time of one call in WASM on 1 thread, in ms"


def draw(report: dict[str, Any]) -> dict[str, str]:
    """SVG texts by path; each model's entry gets `plots`, which says where they are and what they show."""
    files: dict[str, str] = {}
    for model in report["models"]:
        model["plots"] = []
        for plot in (_error_bytes(model), _time_bytes(model), _error_layers(model)):
            if plot is not None:
                path = f"report/{model['name']}.{plot.kind}.svg"
                files[path] = plot.svg
                words = {"caption": plot.caption, "alt": plot.alt, "notes": plot.notes}
                model["plots"].append({"kind": plot.kind, "file": path, **words})
    return files


@dataclass(frozen=True)
class _Plot:
    kind: str
    caption: str
    #: For who does not see the plot.
    alt: str
    svg: str
    #: What the plot shows that no table has, a clause each.
    notes: list[str] = field(default_factory=list)


def _error_bytes(model: dict[str, Any]) -> _Plot | None:
    """None for a single point, which is compared with nothing."""
    shown = [one for one in model["variants"] if one["relative_error"] is not None]
    if len(shown) < 2:
        return None
    divisor, unit = _unit(model)
    points = [Point(one["id"], one["wire_bytes"] / divisor, one["relative_error"], kind_of(one)) for one in shown]
    x = axes.spread(DOWNLOAD.format(unit=unit), [point.x for point in points])
    y = axes.logarithmic(ERROR, [point.y for point in points])
    caption = f"Error against download. Lower and further left is better.{_missing(model, shown)}"
    alt = f"Plot of error against download for the variants of {model['name']}; the numbers are in the table."
    return _Plot("error-bytes", caption, alt, scatter(alt, points, x, y))


def _time_bytes(model: dict[str, Any]) -> _Plot | None:
    """In the browser where the export had one, else natively: a rejected variant is not timed in the browser."""
    web = in_browser(model)
    times = [
        (one["browser"] or {}).get("wasm_1_ms") if web else one["measured"]["native_ms"] for one in model["variants"]
    ]
    shown = [(one, ms) for one, ms in zip(model["variants"], times, strict=True) if ms is not None]
    if len(shown) < 2:
        return None
    divisor, unit = _unit(model)
    points = [Point(one["id"], one["wire_bytes"] / divisor, ms, kind_of(one)) for one, ms in shown]
    x = axes.spread(DOWNLOAD.format(unit=unit), [point.x for point in points])
    y = axes.linear(WASM_TIME if web else TIME, [point.y for point in points])
    where = "in Chromium" if web else "outside a browser"
    caption = (
        f"Time against download, {where} on the machine that made this page. "
        f"Lower and further left is better.{_missing(model, [one for one, _ in shown])}"
    )
    alt = f"Plot of time against download for the variants of {model['name']}; the numbers are in the table."
    return _Plot("time-bytes", caption, alt, scatter(alt, points, x, y))


def in_browser(model: dict[str, Any]) -> bool:
    """Whether any variant was timed in a browser."""
    return any((one["browser"] or {}).get("wasm_1_ms") is not None for one in model["variants"])


def _error_layers(model: dict[str, Any]) -> _Plot | None:
    """None where no layer was measured."""
    layers = model["layers"]
    series, notes = [], []
    for id_, values in layers["errors"].items():
        known = [(value, number) for number, value in enumerate(values) if value is not None]
        if known:
            series.append(Series(id_, [(number + 1.0, value) for value, number in known]))
            most, place = max(known, key=lambda pair: pair[0])
            notes.append(f"{id_}: {most:.2g} at most, after {layers['names'][place]}")
    if not series:
        return None
    calls = f"{layers['calls']} call{'' if layers['calls'] == 1 else 's'}"
    caption = (
        f"Error after each layer with weights, against fp32: the worst of {calls}. "
        "It holds the error of all layers before."
    )
    alt = (
        f"Plot of the error after each layer for the variants of {model['name']}; the largest ones are listed with it."
    )
    x = axes.ordinals("layer, in order of calculation", len(layers["names"]))
    y = axes.logarithmic(ERROR, [value for one in series for _, value in one.points])
    return _Plot("error-layers", caption, alt, lines(alt, series, x, y), notes)


def kind_of(variant: dict[str, Any]) -> str:
    """Of plots.KINDS."""
    if variant["rejected"]:
        return "rejected"
    return "published" if variant["published"] else "spare"


def _missing(model: dict[str, Any], shown: list[dict[str, Any]]) -> str:
    names = [one["id"] for one in model["variants"] if one not in shown]
    return f" Without a number, so not shown: {', '.join(names)}." if names else ""


def _unit(model: dict[str, Any]) -> tuple[float, str]:
    """One unit for all of an axis."""
    largest = max(one["wire_bytes"] for one in model["variants"])
    return next(
        (size, unit) for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")) if largest >= size
    )
