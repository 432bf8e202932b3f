"""Architectures with random tiny weights: `MAKERS[name]()` gives a module, its example inputs and its dynamic axes."""

from importlib.util import find_spec

import torch
import zoo_nets as nets
from torch import nn

IDS = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 1, 2, 3]])
MASK = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
TEXT_AXES = {name: {0: "batch", 1: "time"} for name in ("input_ids", "attention_mask")}
SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 50}
PICTURE = {**SMALL, "image_size": 16, "patch_size": 8}


def image(size=16, channels=3):
    return torch.rand(1, channels, size, size)


def steps(*shape):
    return torch.rand(*(shape or (2, 5, 16)))


def _layer(layer, *inputs):
    return lambda: (layer(), inputs, None)


def _sequence(layer, name="input"):
    return lambda: (layer(), {name: steps()}, {name: {1: "time"}})


def _transformers(config, model, inputs, axes=None, **changes):
    """A model of `transformers` by the names of its configuration and class."""

    def make():
        import transformers

        made = getattr(transformers, config)(**changes)
        made.use_cache = False
        return getattr(transformers, model)(made), inputs, axes

    return make


def _text(family, model="Model", *, masked=True, **changes):
    inputs = {"input_ids": IDS, "attention_mask": MASK} if masked else {"input_ids": IDS}
    axes = {name: TEXT_AXES[name] for name in inputs}
    return _transformers(f"{family}Config", f"{family}{model}", inputs, axes, **{**SMALL, **changes})


def _picture(family, model="Model", **changes):
    return _transformers(
        f"{family}Config", f"{family}{model}", {"pixel_values": image()}, None, **{**PICTURE, **changes}
    )


def _timm(name):
    def make():
        import timm

        return timm.create_model(name, pretrained=False), image(160), None

    return make


# The inputs below are the same whatever ran before: two scores that happen to tie are ordered as each engine likes.
torch.manual_seed(0)

LAYERS = {
    "linear": _layer(lambda: nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 4)), steps(2, 16)),
    "bilinear": _layer(lambda: nn.Bilinear(8, 8, 4), steps(2, 8), steps(2, 8)),
    "conv1d": _layer(lambda: nn.Conv1d(4, 8, 3, dilation=2, groups=2), steps(2, 4, 12)),
    "conv2d": lambda: (nn.Conv2d(3, 8, 3, stride=2), {"input": image()}, {"input": {2: "height", 3: "width"}}),
    "conv3d": _layer(lambda: nn.Conv3d(2, 4, 3), steps(1, 2, 6, 6, 6)),
    "transposed": _layer(lambda: nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1), image(8)),
    "batch-norm": _layer(lambda: nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.ReLU6()), image(8)),
    "group-norm": _layer(lambda: nn.Sequential(nn.Conv2d(3, 8, 1), nn.GroupNorm(2, 8), nn.SiLU()), image(8)),
    "instance-norm": _layer(lambda: nn.InstanceNorm2d(3, affine=True), image(8)),
    "layer-norm": _sequence(lambda: nn.LayerNorm(16)),
    "rms-norm": _layer(lambda: nn.RMSNorm(16), steps()),
    "embedding-bag": _layer(lambda: nn.EmbeddingBag(50, 8), IDS),
    "pools": _layer(nets.Pools, image()),
    "pads": _layer(nets.Pads, image(8)),
    "activations": _layer(nets.Activations, steps(2, 16)),
    "upsample": lambda: (
        nn.Upsample(scale_factor=2, mode="bilinear"),
        {"input": image(8)},
        {"input": {2: "h", 3: "w"}},
    ),
    "pixel-shuffle": _layer(lambda: nn.Sequential(nn.Conv2d(3, 12, 3), nn.PixelShuffle(2)), image(8)),
    "grid-sample": _layer(nets.SpatialTransformer, image(8)),
    "attention": _layer(lambda: nets.SelfAttention(16), steps()),
}
RECURRENT = {
    "rnn": _layer(lambda: nn.RNN(16, 8, batch_first=True), steps()),
    "lstm": _sequence(lambda: nn.LSTM(16, 8, batch_first=True)),
    "bi-lstm": _layer(lambda: nn.LSTM(16, 8, 2, bidirectional=True, batch_first=True), steps()),
    "lstm-state": lambda: (nn.LSTM(16, 8), {"input": steps(5, 1, 16), "hx": (steps(1, 1, 8), steps(1, 1, 8))}, None),
    "gru": _sequence(lambda: nn.GRU(16, 8, batch_first=True)),
    "gru-state": lambda: (nn.GRU(16, 8), {"input": steps(5, 1, 16), "hx": steps(1, 1, 8)}, None),
    "gru-cell": _layer(lambda: nn.GRUCell(16, 8), steps(2, 16), steps(2, 8)),
    "cache": lambda: (nets.Cached(16), {"x": steps(1, 1, 16), "cache": [(steps(1, 4, 16), steps(1, 4, 16))]}, None),
    "seq2seq": lambda: (nets.Seq2Seq(50, 16), {"source": IDS, "target": IDS}, None),
    "text-cnn": lambda: (nets.TextCnn(50, 16), {"ids": IDS}, {"ids": {1: "time"}}),
}
TORCH_TRANSFORMERS = {
    "encoder-layer": _layer(lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), steps()),
    "encoder": _layer(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32), 2), steps()),
    "decoder": _layer(lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 2, 32), 1), steps(), steps()),
    "transformer": _layer(lambda: nn.Transformer(16, 2, 1, 1, 32, batch_first=True), steps(), steps()),
    "gpt": lambda: (nets.Gpt(50, 16), {"ids": IDS}, {"ids": {1: "time"}}),
    "rotary": lambda: (nets.Rotary(16), {"x": steps()}, {"x": {1: "time"}}),
    "mixture-of-experts": _layer(lambda: nets.Experts(16, 4), steps(2, 16)),
    "perceiver": lambda: (nets.Perceiver(16), {"x": steps()}, {"x": {1: "time"}}),
    "mlp-mixer": _layer(lambda: nets.Mixer(4, 16), steps(1, 4, 16)),
}
VISION = {
    "resnet": _layer(nets.ResNet, image()),
    "mobilenet": _layer(nets.MobileNet, image()),
    "squeeze-excite": _layer(lambda: nets.SqueezeExcite(8), steps(1, 8, 6, 6)),
    "densenet": _layer(nets.DenseNet, image()),
    "inception": _layer(nets.Inception, image(8)),
    "convnext": _layer(lambda: nets.ConvNext(8), steps(1, 8, 8, 8)),
    "u-net": lambda: (nets.UNet(), {"image": image()}, {"image": {2: "height", 3: "width"}}),
    "detector": _layer(nets.Detector, image()),
    "feature-pyramid": _layer(nets.Pyramid, image()),
    "vision-transformer": _layer(lambda: nets.VisionTransformer(16), image()),
    "autoencoder": _layer(nets.AutoEncoder, image()),
    "super-resolution": lambda: (nets.SuperResolution(), {"x": image(8)}, {"x": {2: "height", 3: "width"}}),
    "diffusion-u-net": lambda: (nets.Diffusion(), {"noisy": image(8), "time": torch.tensor([7])}, None),
    "style": _layer(nets.Style, image(8)),
}
OTHER = {
    "wavenet": lambda: (nets.WaveNet(8), {"sound": steps(1, 1, 32)}, {"sound": {2: "samples"}}),
    "spectrogram": _layer(lambda: nets.Spectrogram(16, 8), steps(1, 64)),
    "vocoder": _layer(nets.Vocoder, steps(1, 8, 6)),
    "denoiser": _layer(lambda: nets.Denoiser(16, 4), steps(2, 64)),
    "fourier-operator": _layer(lambda: nets.FourierOperator(8, 5), steps(2, 8, 32)),
    "crnn": _layer(nets.Crnn, steps(1, 1, 16, 20)),
    "graph-net": lambda: (
        nets.Graph(8),
        {"nodes": steps(5, 8), "edges": torch.tensor([[0, 1, 2, 3], [1, 2, 3, 4]])},
        None,
    ),
    "point-net": lambda: (nets.PointNet(), {"points": steps(1, 3, 9)}, {"points": {2: "points"}}),
    "recommender": lambda: (nets.Recommender(), {"user": torch.tensor([1, 2]), "item": torch.tensor([3, 4])}, None),
    "normalizing-flow": _layer(lambda: nets.Flow(8), steps(2, 8)),
    "siamese": lambda: (nets.Siamese(), {"left": steps(2, 8), "right": steps(2, 8)}, None),
    "neural-field": _layer(nets.Field, steps(10, 2)),
}
CONFIGURED = {
    "bert": _text("Bert"),
    "roberta": _text("Roberta"),
    "distilbert": _transformers(
        "DistilBertConfig", "DistilBertModel", {"input_ids": IDS}, None, dim=32, n_layers=1, n_heads=2, hidden_dim=64
    ),
    "electra": _text("Electra", embedding_size=32),
    "gpt2": _transformers("GPT2Config", "GPT2LMHeadModel", {"input_ids": IDS}, None, n_embd=32, n_layer=1, n_head=2),
    "mixtral": _text("Mixtral", masked=False, num_key_value_heads=1, num_local_experts=3, head_dim=8),
    "llama": _text("Llama", "ForCausalLM", masked=False, num_key_value_heads=1),
    "llama4": _text(
        *("Llama4Text", "Model"),
        masked=False,
        num_key_value_heads=1,
        num_local_experts=2,
        head_dim=8,
        intermediate_size_mlp=32,
    ),
    "vit": _picture("ViT"),
    "deit": _picture("DeiT"),
}
#: timm's own tiny nets, where it imports: it needs torchvision (docs/decisions/0036-zoo-without-timm.md).
TINY = (
    *(
        "byobnet",
        "coatnet",
        "convnext",
        "convnext2",
        "convnext3",
        "efficientnet",
        "efficientnet_evos",
        "efficientnet_gn",
    ),
    *("efficientnet_ln", "mambaout", "maxvit", "nfnet", "resnet", "vit", "vit2", "vit3", "vit4", "vit_relpos"),
)
HAS_TIMM = all(map(find_spec, ("timm", "torchvision")))
TIMM = {f"timm_{name}": _timm(f"test_{name}") for name in TINY} if HAS_TIMM else {}
MAKERS = {**LAYERS, **RECURRENT, **TORCH_TRANSFORMERS, **VISION, **OTHER, **CONFIGURED, **TIMM}
