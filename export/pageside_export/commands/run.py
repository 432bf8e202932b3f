"""`pageside run DEMO INPUT...`: one call of the demo's function on this machine, without a browser; prints JSON."""

from __future__ import annotations

import argparse
import base64
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pageside.engine import Engine

    from pageside_export.loader import Demo

NAME = "run"
HELP = "run a demo on this machine with the given inputs and print its answer as JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DEMO, INPUT..., --engine, --variant, --json."""
    parser.add_argument("demo", metavar="DEMO", help="a folder with demo.py, or a .py file")
    parser.add_argument("inputs", metavar="INPUT", nargs="*", help="a value for each input: text, number, or a path")
    parser.add_argument("--engine", choices=("onnxruntime", "torch"), default="onnxruntime", help="what runs the model")
    parser.add_argument("--variant", metavar="ID", help="the variant to run (default: the one that a page tries first)")
    parser.add_argument("--json", action="store_true", help="print JSON in one line, errors too")


def run(args: argparse.Namespace) -> int:
    """Prints demo, outputs, engine, variant and milliseconds."""
    from pageside_export import loader, record

    demo = loader.load(args.demo)
    _check_count(demo, len(args.inputs))
    payloads = record.read_inputs(demo, args.inputs, Path.cwd())
    engine, variants = _engine(demo, args.engine, args.variant)
    started = time.perf_counter()
    outputs = record.called(demo, engine, payloads)
    milliseconds = 1000 * (time.perf_counter() - started)
    answer = {
        "demo": demo.name,
        "outputs": [_plain(output) for output in outputs],
        "engine": args.engine if demo.models else "python",
        "variant": variants,
        "milliseconds": round(milliseconds, 3),
    }
    print(json.dumps(answer, ensure_ascii=False, indent=None if args.json else 2))
    return 0


def _engine(demo: Demo, name: str, variant: str | None) -> tuple[Engine, str | dict[str, str] | None]:
    """The engine, and the variant that it runs; with several models a variant for each name."""
    from pageside_export.engines import OnnxEngine
    from pageside_export.errors import UsageError
    from pageside_export.exporting import export_demo
    from pageside_export.options import ExportOptions

    if name == "torch" or not demo.models:
        if variant is not None:
            what = "there is no variant without onnxruntime" if demo.models else f"{demo.name} has no model"
            raise UsageError(what, "--variant", "leave it out")
        return demo.torch_engine(), None
    models, chosen = {}, {}
    for model in export_demo(demo, ExportOptions()).models:
        one = model.variant(variant or model.backends["wasm"][0])
        models[model.name] = one.model
        chosen[model.name] = one.id
    only = next(iter(chosen.values())) if len(set(chosen.values())) == 1 else chosen
    return OnnxEngine(models), only


def _check_count(demo: Demo, given: int) -> None:
    from pageside_export.errors import InputError

    wanted = demo.interface.inputs
    if given != len(wanted):
        names = ", ".join(f"{component.label} ({component.type})" for component in wanted)
        what = f"{given} input{'' if given == 1 else 's'} given, {len(wanted)} needed"
        raise InputError(what, f"pageside run {demo.name}", f"give {names or 'none'}")


def _plain(value: Any) -> Any:
    """A payload as JSON; an array as its dtype, shape and bytes in base64."""
    import numpy as np

    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "original"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"dtype": str(value.dtype), "shape": list(value.shape), "base64": content}
    return value.item() if isinstance(value, np.generic) else value
