"""The plots of a report: which there are, of what, and what their captions say."""

from __future__ import annotations

from typing import Any

from pageside_export.card import axes
from pageside_export.card.plots import Point, Series, lines, scatter

ERROR = "error, as a share of the output's norm"
DOWNLOAD = "download in {unit}, gzipped"
TIME = "native time of one call in ms"


def draw(report: dict[str, Any]) -> dict[str, str]:
    """SVG texts by path; each model's entry gets `plots`, which says where they are."""
    files: dict[str, str] = {}
    for model in report["models"]:
        made = [_error_bytes(model), _time_bytes(model), *_error_layers(model)]
        model["plots"] = []
        for kind, caption, svg in made:
            path = f"report/{model['name']}.{kind}.svg"
            files[path] = svg
            model["plots"].append({"kind": kind, "file": path, "caption": caption})
    return files


Picture = tuple[str, str, str]


def _error_bytes(model: dict[str, Any]) -> Picture:
    shown = [one for one in model["variants"] if one["relative_error"] is not None]
    caption = f"Error against download. Lower and further left is better.{_missing(model, shown)}"
    divisor, unit = _unit(model)
    points = [Point(one["id"], one["gzipped_bytes"] / divisor, one["relative_error"], kind_of(one)) for one in shown]
    x = axes.spread(DOWNLOAD.format(unit=unit), [point.x for point in points])
    return (
        "error-bytes",
        caption,
        scatter(_title(model, caption), points, x, axes.logarithmic(ERROR, [one.y for one in points])),
    )


def _time_bytes(model: dict[str, Any]) -> Picture:
    divisor, unit = _unit(model)
    points = [
        Point(one["id"], one["gzipped_bytes"] / divisor, one["measured"]["native_ms"], kind_of(one))
        for one in model["variants"]
    ]
    caption = (
        "Time against download, on the machine that made this page, not on yours. Lower and further left is better."
    )
    x = axes.spread(DOWNLOAD.format(unit=unit), [point.x for point in points])
    return (
        "time-bytes",
        caption,
        scatter(_title(model, caption), points, x, axes.linear(TIME, [one.y for one in points])),
    )


def _error_layers(model: dict[str, Any]) -> list[Picture]:
    """Nothing where no layer was measured."""
    layers = model.get("layers") or {"errors": {}}
    series = [
        Series(id_, [(float(number), value) for number, value in enumerate(values, 1) if value is not None])
        for id_, values in layers["errors"].items()
    ]
    series = [one for one in series if one.points]
    if not series:
        return []
    count = len(layers["names"])
    calls = f"{layers['calls']} call{'' if layers['calls'] == 1 else 's'}"
    caption = (
        f"Error after each layer with weights, against the fp32 form: the worst of {calls}. "
        "It holds the error of all layers before."
    )
    y = axes.logarithmic(ERROR, [value for one in series for _, value in one.points])
    return [
        (
            "error-layers",
            caption,
            lines(_title(model, caption), series, axes.ordinals("layer, in order of calculation", count), y),
        )
    ]


def kind_of(variant: dict[str, Any]) -> str:
    """Of plots.KINDS."""
    if variant["rejected"]:
        return "rejected"
    return "published" if variant["published"] else "spare"


def _missing(model: dict[str, Any], shown: list[dict[str, Any]]) -> str:
    names = [one["id"] for one in model["variants"] if one not in shown]
    return f" Without a number, so not shown: {', '.join(names)}." if names else ""


def _title(model: dict[str, Any], caption: str) -> str:
    return f"{model['name']}: {caption} The numbers are in the table."


def _unit(model: dict[str, Any]) -> tuple[float, str]:
    """One unit for all of an axis."""
    largest = max(one["gzipped_bytes"] for one in model["variants"])
    return next(
        (size, unit) for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")) if largest >= size
    )
