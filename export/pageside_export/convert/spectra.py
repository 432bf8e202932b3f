"""The inverse of the short-time Fourier transform, of which torch makes one write into the sound for each frame."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def istft(  # noqa: PLR0913, PLR0917 - PyTorch's own arguments
    spectrum: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """What torch.istft gives: complex `(..., n_fft / 2 + 1, frames)` to float `(..., samples)`.

    Frames are laid over each other as columns of a picture one pixel high. NotImplemented for complex sounds.
    """
    if return_complex or onesided is False:
        return NotImplemented  # type: ignore[no-any-return] # torch's own sign to leave it
    hop = hop_length or n_fft // 4
    shape = torch.ones(win_length or n_fft, device=spectrum.device) if window is None else window
    left = (n_fft - shape.shape[0]) // 2
    shape = functional.pad(shape, (left, n_fft - shape.shape[0] - left))
    one = spectrum.dim() == 2
    columns = torch.fft.irfft(spectrum[None] if one else spectrum, n_fft, 1, "ortho" if normalized else "backward")
    size = (1, n_fft + hop * (columns.shape[2] - 1))
    weights = shape[None, :, None].expand(1, n_fft, columns.shape[2])
    sound, weight = (
        functional.fold(given, size, (1, n_fft), stride=(1, hop))[:, 0, 0]
        for given in (columns * shape[:, None], weights * weights)
    )
    begin = n_fft // 2 if center else 0
    end = size[1] - begin if length is None else min(begin + length, size[1])
    sound = sound[:, begin:end] / weight[:, begin:end]
    if length is not None and length > end - begin:
        sound = functional.pad(sound, (0, length - (end - begin)))
    return sound[0] if one else sound
