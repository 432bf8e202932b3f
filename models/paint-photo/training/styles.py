"""The two styles as filters: what the network learns to do in one pass.

Illustration is a generalized Kuwahara filter (Papari, Petkov and Campisi, 2007), twice, with fewer tones (Winnemoeller,
Olsen and Gooch, 2006) and ink lines by an extended difference of Gaussians (Winnemoeller, Kyprianidis and Olsen, 2012).
Pencil is the same lines over the photo's own light, divided by its surroundings.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

RADIUS, SECTORS, SHARPNESS = 4, 8, 4
TONES = 9
LIGHT = torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]
PAPER = torch.tensor([1.0, 0.985, 0.95])[:, None, None]


def illustration(photo: Tensor) -> Tensor:
    """(3, h, w), 0..1, to the same."""
    smooth = kuwahara(kuwahara(photo))
    light = (smooth * LIGHT).sum(0, keepdim=True)
    step = light * TONES
    tones = (step.floor() + 0.5 + 0.5 * torch.tanh(6 * (step - step.floor() - 0.5)) / math.tanh(3)) / TONES
    coloured = light + 1.35 * (smooth - light)
    ink = 0.15 + 0.85 * lines((photo * LIGHT).sum(0, keepdim=True), 1.0, 0.016)
    return (coloured * (tones / light.clamp(min=0.02)) * ink).clamp(0, 1)


def pencil(photo: Tensor) -> Tensor:
    """(3, h, w), 0..1, to the same."""
    light = (photo * LIGHT).sum(0, keepdim=True)
    dodged = (light / (blur(light, 5.0) + 0.02)).clamp(max=1) ** 2.5
    shade = 0.62 + 0.38 * (kuwahara(photo) * LIGHT).sum(0, keepdim=True).clamp(0, 1) ** 0.8
    return (dodged * shade * (0.3 + 0.7 * lines(light, 0.8, 0.03)) * PAPER).clamp(0, 1)


def kuwahara(photo: Tensor) -> Tensor:
    """Each pixel as the means of the eight sectors around it, those that vary least counting most."""
    kernels = sectors()  # (8, 1, k, k)
    padded = functional.pad(photo[:, None], [RADIUS] * 4, mode="replicate")  # (3, 1, h + 2r, w + 2r)
    mean = functional.conv2d(padded, kernels)  # (3, 8, h, w)
    spread = (functional.conv2d(padded**2, kernels) - mean**2).clamp(min=0).sum(0)  # (8, h, w)
    weight = 1 / (1 + (255**2 * spread) ** (SHARPNESS / 2))
    weight = weight + 1e-20
    return (mean * weight).sum(1) / weight.sum(0)


def sectors() -> Tensor:
    """(8, 1, k, k): a disc with a soft edge in eight slices that overlap, each of sum 1."""
    y, x = torch.meshgrid(*[torch.arange(-RADIUS, RADIUS + 1.0)] * 2, indexing="ij")
    disc = torch.exp(-(x**2 + y**2) / (2 * (RADIUS / 2.2) ** 2))
    found = []
    for sector in range(SECTORS):
        angle = torch.atan2(y, x) - 2 * math.pi * sector / SECTORS
        off = torch.atan2(torch.sin(angle), torch.cos(angle)) / (math.pi / SECTORS * 1.5)
        slice_ = disc * torch.exp(-(off**2))
        slice_[RADIUS, RADIUS] = disc[RADIUS, RADIUS] / SECTORS
        found.append(slice_ / slice_.sum())
    return torch.stack(found)[:, None]


def lines(light: Tensor, sigma: float, edge: float) -> Tensor:
    """(1, h, w): 1 on plain ground, towards 0 where it is darker than its surroundings."""
    difference = blur(light, sigma) - blur(light, 1.6 * sigma)
    return 1 + torch.tanh(28 * (difference + edge)).clamp(max=0)


def blur(light: Tensor, sigma: float) -> Tensor:
    reach = math.ceil(3 * sigma)
    line = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2))
    line = line / line.sum()
    padded = functional.pad(light[None], [reach] * 4, mode="replicate")
    return functional.conv2d(functional.conv2d(padded, line[None, None, None]), line[None, None, :, None])[0]
