"""Trains the network of `../model.py` to paint as the filters of `styles.py` do, and writes `../weights.pt`.

    pip download --no-deps scikit-image==0.25.2 scikit-learn==1.7.2
    unzip -jq scikit_image-*.whl 'skimage/data/*.*g' -d photos
    unzip -jq scikit_learn-*.whl 'sklearn/datasets/images/*.jpg' -d photos
    python models/paint-photo/training/train.py photos

The photos of `PHOTOS` are cut, resized and recoloured by a seed, and the filters paint each cut. `HELD_OUT` is never
trained on and chooses nothing: the weights are those of the last step. The same machine gives the same weights again.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import styles  # noqa: E402
from model import Painter  # noqa: E402

PHOTOS = [
    *("chelsea.png", "coffee.png", "rocket.jpg", "china.jpg", "flower.jpg", "motorcycle_left.png"),
    *("hubble_deep_field.jpg", "retina.jpg", "grass.png", "gravel.png", "page.png"),
]
HELD_OUT = ["astronaut.png", "camera.png", "coins.png"]
SEED, CUTS, CUT, CROP, BATCH, STEPS, RATE = 20261123, 330, 320, 112, 8, 7000, 2e-3


def read(path: Path) -> Tensor:
    """(3, h, w), 0..1."""
    return torch.tensor(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1) / 255


def vary(photo: Tensor, random: np.random.Generator) -> Tensor:
    """(3, 320, 320): a part of the photo at another size, in other colours, lighter or darker."""
    short = int(random.uniform(CUT + 4, 2.2 * CUT))
    scale = short / min(photo.shape[1:])
    size = [max(CUT, round(side * scale)) for side in photo.shape[1:]]
    photo = functional.interpolate(photo[None], size, mode="bilinear", antialias=True)[0]
    top, left = (int(random.integers(side - CUT + 1)) for side in size)
    photo = photo[:, top : top + CUT, left : left + CUT]
    mixed = torch.tensor(random.normal(0, 0.25, (3, 3)), dtype=torch.float32) + torch.eye(3)
    photo = torch.einsum("ij,jhw->ihw", mixed / mixed.sum(1, keepdim=True).clamp(min=0.5), photo)
    contrast, gamma = random.uniform(0.6, 1.2), random.uniform(0.6, 1.5)
    photo = ((photo - 0.5) * contrast + random.normal(0.5, 0.06)).clamp(0, 1)
    return (photo**gamma + float(random.uniform(0, 0.02)) * torch.tensor(random.normal(size=photo.shape))).float()


def painted(photo: Tensor) -> Tensor:
    """(6, h, w): what the network should give, both styles."""
    return torch.cat((styles.illustration(photo), styles.pencil(photo)))


def both(net: Painter, photos: Tensor) -> Tensor:
    """(n, 6, h, w)."""
    return torch.cat(tuple(net(photos).values()), dim=1)


def batch(photos: Tensor, wanted: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Crops, turned and mirrored, away from the edges, where the filters see other pixels."""
    pairs = []
    for index in random.integers(len(photos), size=BATCH):
        top, left = random.integers(16, CUT - CROP - 16, size=2)
        place = (slice(None), slice(top, top + CROP), slice(left, left + CROP))
        turns, mirrored = int(random.integers(4)), bool(random.integers(2))
        pair = [torch.rot90(one[index][place].float() / 255, turns, (1, 2)) for one in (photos, wanted)]
        pairs.append([one.flip(2) if mirrored else one for one in pair])
    return torch.stack([pair[0] for pair in pairs]), torch.stack([pair[1] for pair in pairs])


def difference(got: Tensor, wanted: Tensor) -> Tensor:
    """Of the values, and of the steps between neighbours, without which lines and patches blur."""
    steps = [(got.diff(dim=axis) - wanted.diff(dim=axis)).abs().mean() for axis in (2, 3)]
    return (got - wanted).abs().mean() + 0.5 * sum(steps, torch.zeros(()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    folder = parser.parse_args().photos
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    random = np.random.default_rng(SEED)
    sources = [read(folder / name) for name in PHOTOS]
    cuts = [vary(sources[index % len(sources)], random).clamp(0, 1) for index in range(CUTS)]
    photos = torch.stack([(cut * 255).round().byte() for cut in cuts])
    wanted = torch.stack([(painted(cut) * 255).round().byte() for cut in cuts])
    print(f"{CUTS} cuts of {len(sources)} photos painted", flush=True)
    net = Painter()
    optimizer = torch.optim.Adam(net.parameters(), RATE)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS, pct_start=0.05)
    for step in range(STEPS):
        given, goal = batch(photos, wanted, random)
        loss = difference(both(net, given), goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plan.step()
        if step % 250 == 249:
            print(f"step {step + 1} of {STEPS}: {loss.item():.4f}", flush=True)
    torch.save(net.state_dict(), HERE.parent / "weights.pt")
    net.eval()
    for name in HELD_OUT:
        print(name, *(f"{value:.2f} dB" for value in signal_to_noise(net, read(folder / name))))


@torch.no_grad()
def signal_to_noise(net: Painter, photo: Tensor) -> list[float]:
    """Of each style, in decibels, against the filter on the whole photo at 512 pixels."""
    side = 512 / max(photo.shape[1:])
    size = [round(length * side) // 4 * 4 for length in photo.shape[1:]]
    photo = functional.interpolate(photo[None], size, mode="bilinear", antialias=True)
    error = (both(net, photo)[0] - painted(photo[0])) ** 2
    return [float(-10 * torch.log10(part.mean())) for part in error.split(3)]


if __name__ == "__main__":
    main()
