"""onnxruntime's own quantization tool, called so that equal models give equal bytes and nothing is printed.

The only importer of `onnxruntime.quantization`. It works on whole models in memory, and changes what it is given.

Weights take 7 of the 8 bits (`reduce_range`): processors without VNNI, and browsers on them, add pairs of products in
16 bits, which overflow with 8 (EfficientNet-Lite0 on such a processor: lowest cosine 0.946 with 8 bits, 0.971 with 7).
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from pageside_export.convert import cleaned
from pageside_export.quantize import Given
from pageside_export.verify import Arrays, Measurement

#: Ways to take a range from data.
METHODS = ("minmax", "percentile")

#: Ranges by percentile keep histograms of all inner values; this many calls settle them.
CALLS = 16


class _Reader:
    """Calibration data as the tool reads it."""

    def __init__(self, rows: list[Arrays]) -> None:
        self._rows = rows
        self._next = iter(rows)

    def get_next(self) -> Arrays | None:
        """The next inputs, or None at the end."""
        return next(self._next, None)

    def rewind(self) -> None:
        """Starts again."""
        self._next = iter(self._rows)


def static(model: onnx.ModelProto, given: Given, method: str, nodes: Sequence[str]) -> onnx.ModelProto:
    """QDQ around these nodes, per channel, ranges from the calibration data by `method`."""
    from onnxruntime import quantization as tool

    rows = given.calibration[:CALLS]
    if method == "percentile":
        # Its histograms take values of one shape only.
        rows = [row for row in rows if _shapes(row) == _shapes(rows[0])]
    methods = {"minmax": tool.CalibrationMethod.MinMax, "percentile": tool.CalibrationMethod.Percentile}
    with _file(given) as target:
        tool.quantize_static(
            given.whole(model),
            target,
            _reader(rows),
            nodes_to_quantize=list(nodes),
            # Without these the values of all other operators are calibrated too, in vain; some are infinite.
            op_types_to_quantize=sorted({node.op_type for node in model.graph.node if node.name in nodes}),
            per_channel=True,
            activation_type=tool.QuantType.QUInt8,
            weight_type=tool.QuantType.QInt8,
            reduce_range=True,
            calibrate_method=methods[method],
            extra_options={"CalibPercentile": 99.99} if method == "percentile" else {},
            # Ranges are the same for every mixture of one model.
            calibration_cache_path=given.folder / f"{method}.ranges.json",
        )
        return cleaned(onnx.load(target))


def error(measured: Measurement) -> float:
    """One number to order candidates by: the largest norm of the error over calls and outputs."""
    return max((one.norm if one.finite else np.inf) for call in measured.errors for one in call)


def _shapes(row: Arrays) -> list[tuple[int, ...]]:
    return [array.shape for array in row.values()]


def _reader(rows: list[Arrays]) -> Any:
    from onnxruntime.quantization import CalibrationDataReader

    kind: type[Any] = type("Reader", (_Reader, CalibrationDataReader), {})
    return kind(rows)


@contextlib.contextmanager
def _file(given: Given) -> Iterator[Path]:
    """A path for the tool to write to, while it is kept from talking."""
    with silent(), tempfile.TemporaryDirectory(dir=given.folder) as folder:
        yield Path(folder) / "model.onnx"


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """The tools log advice, warn and print each number that they cut."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
