"""Which of onnxruntime's passes over a graph change nothing in a model: a page need not run them.

A session is opened by dozens of passes, of which each looks for its pattern in the whole graph; most models have a few
of the patterns. In a page the passes' code is compiled first, and what is long a second time. Which ones a model needs
is found here, with native onnxruntime, whose passes they are too (`docs/decisions/0047-passes.md`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import onnx

from pageside_export import progress
from pageside_export.exporting import VariantExport
from pageside_export.pack import remember, sha256
from pageside_export.rehearsal import MOST_BYTES

#: The entry of a session's configuration that leaves passes out, by their names.
LEFT_OUT = "optimization.disable_specified_optimizers"

#: onnxruntime's of the levels basic and extended. Without ConstantFolding, which makes of a quantized weight the floats
#: that are multiplied, and without layouts, which native onnxruntime has others of.
PASSES = [
    "AttentionFusion",
    "BiasDropoutFusion",
    "BiasGeluFusion",
    "BiasSoftmaxFusion",
    "CastChainElimination",
    "CastElimination",
    "ClipQuantRewrite",
    "CommonSubexpressionElimination",
    "ConstantSharing",
    "ConvActivationFusion",
    "ConvAddFusion",
    "ConvBNFusion",
    "ConvMulFusion",
    "DivMulFusion",
    "DoubleQDQPairsRemover",
    "DQMatMulToMatMulNBits",
    "DynamicQuantizeMatMulFusion",
    "EliminateDropout",
    "EliminateIdentity",
    "EliminateSlice",
    "EmbedLayerNormFusion",
    "EnsureUniqueDQForNodeUnit",
    "ExpandElimination",
    "FastGeluFusion",
    "FuseReluClip",
    "GatherSliceToSplitFusion",
    "GatherToSliceFusion",
    "GeluFusionL1",
    "GeluFusionL2",
    "GemmActivationFusion",
    "GemmSumFusion",
    "GemmTransposeFusion",
    "GroupQueryAttentionFusion",
    "LabelEncoderFusion",
    "LayerNormFusionL1",
    "LayerNormFusionL2",
    "MatMulActivationFusion",
    "MatMulAddFusion",
    "MatMulIntegerToFloatFusion",
    "MatMulNBitsFusion",
    "MatMulScaleFusion",
    "MatmulTransposeFusion",
    "NoopElimination",
    "NotWhereFusion",
    "PreShapeNodeElimination",
    "QDQFinalCleanupTransformer",
    "QDQPropagationTransformer",
    "QDQS8ToU8Transformer",
    "QDQSelectorActionTransformer",
    "QuickGeluFusion",
    "ReshapeFusion",
    "SimplifiedLayerNormFusion",
    "SkipLayerNormFusion",
    "TransposeOptimizer",
    "UnsqueezeElimination",
    "WeightBiasQuantization",
    "WhereDummyDq",
]


def idle_passes(variant: VariantExport) -> dict[str, str]:
    """The entry of the session's configuration that leaves out what changes nothing in this variant's graph.

    Empty for large files: each try opens a session, and there are some twenty.
    """
    if variant.size > MOST_BYTES:
        return {}
    import onnxruntime

    state = [variant.sha256, variant.session_config, onnxruntime.__version__, PASSES]
    key = sha256(f"{state} {Path(__file__).read_text(encoding='utf-8')}".encode())
    with progress.task("look for passes that change nothing"):
        names = remember("passes", key, lambda: ";".join(_idle(variant)).encode()).decode()
    return {LEFT_OUT: names} if names else {}


def _idle(variant: VariantExport) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="pageside-passes-") as folder:
        optimized = partial(_optimized, variant, Path(folder) / "optimized.onnx")
        return without_effect(PASSES, optimized)


def without_effect(names: Sequence[str], optimized: Callable[[Sequence[str]], object | None]) -> list[str]:
    """Of `names` as many as can be left out together; `optimized` gives what comes out without some, or None."""
    whole = optimized(())
    idle: list[str] = []
    if whole is None:
        return idle

    def look(some: Sequence[str]) -> None:
        if optimized([*idle, *some]) == whole:
            idle.extend(some)
        elif len(some) > 1:
            look(some[: len(some) // 2])
            look(some[len(some) // 2 :])

    look(names)
    return idle


def _optimized(variant: VariantExport, path: Path, left_out: Sequence[str]) -> list[Any] | None:
    """What onnxruntime makes of a graph: its nodes in their order, and names, types and shapes of its constants.

    None where it makes nothing without a pass, or cannot write what it made.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    for key, value in variant.session_config.items():
        options.add_session_config_entry(key, value)
    if left_out:
        options.add_session_config_entry(LEFT_OUT, ";".join(left_out))
    try:
        ort.InferenceSession(str(variant.path), options, providers=["CPUExecutionProvider"])
        graph = onnx.load(path).graph
    except Exception:  # of any kind: a page that leaves nothing out is only slower
        return None
    for node in graph.node:
        node.name = ""
    constants = sorted((one.name, one.data_type, tuple(one.dims)) for one in graph.initializer)
    return [constants, *(node.SerializeToString(deterministic=True) for node in graph.node)]
