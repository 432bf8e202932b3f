"""An output that stays where the model runs, as the state that a recurrent net carries from call to call."""

from __future__ import annotations

from pageside._errors import ModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    import numpy as np


class Kept:
    """Given back to a model as it is, nothing of it is copied; `await kept.numpy()` reads it.

    `dtype` is as NumPy names it, `shape` a tuple. Where the GPU that holds it is lost, it is lost too.
    """

    def __init__(
        self,
        dtype: str,
        shape: tuple[int, ...],
        held: Any,
        *,
        read: Callable[[], Awaitable[np.ndarray]],
        release: Callable[[], object] | None = None,
    ) -> None:
        """`held` is what the engine takes for it: an array, in the page a tensor of onnxruntime-web."""
        self.dtype = dtype
        self.shape = shape
        self.held = held
        self._read = read
        self._release = release

    async def numpy(self) -> np.ndarray:
        """A copy as an array."""
        return await self._read()

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise ModelError(f"{self!r} stays where the model runs; read it by `await kept.numpy()`")

    def __repr__(self) -> str:
        return f"Kept({self.dtype} {self.shape})"

    def __del__(self) -> None:
        if self._release is not None:
            self._release()


def kept_array(array: np.ndarray) -> Kept:
    """For engines that answer with arrays."""

    async def read() -> np.ndarray:
        return array.copy()

    return Kept(array.dtype.name, array.shape, array, read=read)
