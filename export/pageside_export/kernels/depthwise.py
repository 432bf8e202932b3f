"""`MlasConvOperation` for one channel in and one out: the text is in `depthwise.wat`."""

from __future__ import annotations

from pathlib import Path

_TEXT = Path(__file__).with_name("depthwise.wat")


def text(*, activation: str, otherwise: str) -> str:
    """The function in WebAssembly's text format.

    `activation` names `MlasActivation`, which adds the bias and applies what is fused, and `otherwise` the function
    that does all other convolutions, as `call` takes them.
    """
    function = _TEXT.read_text(encoding="utf-8")
    return function.replace("(call $activation ", f"(call {activation} ").replace(
        "(call $theirs ", f"(call {otherwise} "
    )
