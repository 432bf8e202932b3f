"""MTCNN's three nets with their published weights: each looks at fewer candidates, more closely.

Zhang et al., "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional Networks" (arXiv 1604.02878).
Parameter names are those of the published weights. Pictures are RGB, `(value - 127.5) / 128`.
"""

from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn


def weights(name: str) -> dict[str, Tensor]:
    """One net's weights out of their PyPI package, which `make install` puts there."""
    spec = find_spec("facenet_pytorch")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the weights are not installed; run "
            f"`pip install --no-deps --require-hashes -r {Path(__file__).with_name('requirements.txt')}`"
        )
    return torch.load(Path(spec.origin).parent / "data" / name, map_location="cpu", weights_only=True)


def pool(kernel: int) -> nn.MaxPool2d:
    return nn.MaxPool2d(kernel, 2, ceil_mode=True)


class PNet(nn.Module):
    """Proposes: a fully convolutional net whose every output cell looks at 12 x 12 pixels, 2 pixels apart."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1, self.pool1 = nn.Conv2d(3, 10, 3), nn.PReLU(10), pool(2)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, image: Tensor) -> dict[str, Tensor]:  # (n, 3, h, w)
        x = self.pool1(self.prelu1(self.conv1(image)))  # (n, 10, ~h / 2, ~w / 2)
        x = self.prelu2(self.conv2(x))  # (n, 16, rows + 2, cols + 2)
        x = self.prelu3(self.conv3(x))  # (n, 32, rows, cols)
        face = self.conv4_1(x).softmax(dim=1)[:, 1]  # (n, rows, cols)
        return {"face": face, "shift": self.conv4_2(x)}  # (n, 4, rows, cols)


class RNet(nn.Module):
    """Refines: is this 24 x 24 crop a face, and how should its edges move?"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1, self.pool1 = nn.Conv2d(3, 28, 3), nn.PReLU(28), pool(3)
        self.conv2, self.prelu2, self.pool2 = nn.Conv2d(28, 48, 3), nn.PReLU(48), pool(3)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, crops: Tensor) -> dict[str, Tensor]:  # (n, 3, 24, 24)
        x = self.pool1(self.prelu1(self.conv1(crops)))  # (n, 28, 11, 11)
        x = self.pool2(self.prelu2(self.conv2(x)))  # (n, 48, 4, 4)
        x = self.prelu3(self.conv3(x))  # (n, 64, 3, 3)
        # The weights come from Caffe by way of MATLAB, which counts columns first.
        x = self.prelu4(self.dense4(x.permute(0, 3, 2, 1).flatten(1)))  # (n, 128)
        return {"face": self.dense5_1(x).softmax(dim=1)[:, 1], "shift": self.dense5_2(x)}  # (n,), (n, 4)


class ONet(nn.Module):
    """Decides on a 48 x 48 crop, and finds both eyes, the nose and the corners of the mouth."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1, self.pool1 = nn.Conv2d(3, 32, 3), nn.PReLU(32), pool(3)
        self.conv2, self.prelu2, self.pool2 = nn.Conv2d(32, 64, 3), nn.PReLU(64), pool(3)
        self.conv3, self.prelu3, self.pool3 = nn.Conv2d(64, 64, 3), nn.PReLU(64), pool(2)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2, self.dense6_3 = nn.Linear(256, 2), nn.Linear(256, 4), nn.Linear(256, 10)

    def forward(self, crops: Tensor) -> dict[str, Tensor]:  # (n, 3, 48, 48)
        x = self.pool1(self.prelu1(self.conv1(crops)))  # (n, 32, 23, 23)
        x = self.pool2(self.prelu2(self.conv2(x)))  # (n, 64, 10, 10)
        x = self.pool3(self.prelu3(self.conv3(x)))  # (n, 64, 4, 4)
        x = self.prelu4(self.conv4(x))  # (n, 128, 3, 3)
        x = self.prelu5(self.dense5(x.permute(0, 3, 2, 1).flatten(1)))  # (n, 256)
        face = self.dense6_1(x).softmax(dim=1)[:, 1]  # (n,)
        # Five x, then five y, as shares of the crop.
        return {"face": face, "shift": self.dense6_2(x), "points": self.dense6_3(x)}  # (n, 4), (n, 10)


def loaded(net: nn.Module, name: str) -> nn.Module:
    net.load_state_dict(weights(name))
    return net.eval()


def build_pnet() -> tuple[nn.Module, dict[str, Tensor]]:
    return loaded(PNet(), "pnet.pt"), {"image": torch.zeros(1, 3, 144, 193)}


def build_rnet() -> tuple[nn.Module, dict[str, Tensor]]:
    return loaded(RNet(), "rnet.pt"), {"crops": torch.zeros(3, 3, 24, 24)}


def build_onet() -> tuple[nn.Module, dict[str, Tensor]]:
    return loaded(ONet(), "onet.pt"), {"crops": torch.zeros(3, 3, 48, 48)}
