"""The same model in native onnxruntime."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from pageside_export.pack import unpacked

from tests.browser.native import model_bytes

DTYPES = {"float32": np.float32}


class Native:
    """One variant of a model in native onnxruntime, on a given number of threads."""

    def __init__(
        self, folder: Path, model: dict[str, Any], *, variant: str, threads: int, blocked: bool = True
    ) -> None:
        """`folder` is the demo's in the built site; `blocked` allows layouts of the processor's own (NCHWc)."""
        published = next(item for item in model["variants"] if item["id"] == variant)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        if not blocked:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        for key, value in published["session_config"].items():
            options.add_session_config_entry(key, value)
        self.content = model_bytes(folder, published)
        self.session = onnxruntime.InferenceSession(self.content, options, providers=["CPUExecutionProvider"])
        self.feeds = {name: read(folder, tensor) for name, tensor in model["golden"][0]["inputs"].items()}

    def calls(self, warm: int, runs: int) -> list[float]:
        """Milliseconds of each call."""
        times = []
        for _ in range(warm + runs):
            start = time.perf_counter()
            self.session.run(None, self.feeds)
            times.append((time.perf_counter() - start) * 1000)
        return times[warm:]


def read(folder: Path, tensor: dict[str, Any]) -> np.ndarray[Any, Any]:
    data = unpacked((folder / tensor["file"]["url"]).read_bytes())
    return np.frombuffer(data, DTYPES[tensor["dtype"]]).reshape(tensor["shape"])
