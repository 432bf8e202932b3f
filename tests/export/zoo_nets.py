"""Tiny nets of the zoo, in plain torch; each is the heart of its kind."""

import math

import torch
from torch import nn
from torch.nn import functional


def conv(a, b, stride=1, kernel=3):
    return nn.Sequential(nn.Conv2d(a, b, kernel, stride, kernel // 2), nn.BatchNorm2d(b), nn.ReLU())


class Pools(nn.Module):
    def forward(self, x):
        return (
            functional.max_pool2d(x, 3, 2),
            functional.avg_pool2d(x, 2, ceil_mode=True),
            functional.adaptive_avg_pool2d(x, 1),
            functional.lp_pool2d(x, 2, 2),
        )


class Pads(nn.Module):
    def forward(self, x):
        return (
            functional.pad(x, (1, 2, 1, 2), "reflect")
            + functional.pad(x, (2, 1, 2, 1), "replicate")
            + functional.pad(x, (1, 2, 2, 1))
        )


class Activations(nn.Module):
    def forward(self, x):
        return (
            functional.elu(x)
            + functional.selu(x)
            + functional.hardswish(x)
            + functional.mish(x)
            + functional.softplus(x)
            + functional.leaky_relu(x)
            + functional.glu(x).sum()
            + functional.celu(x)
        )


class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.turn = nn.Linear(3 * 64, 6)

    def forward(self, x):
        theta = self.turn(x.flatten(1)).view(-1, 2, 3)
        return functional.grid_sample(
            x, functional.affine_grid(theta, x.shape, align_corners=False), align_corners=False
        )


class SelfAttention(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.attention = nn.MultiheadAttention(d, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)


class Cached(nn.Module):
    """One step of a decoder: keys and values so far in, one more out."""

    def __init__(self, d):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, x, cache):
        q, k, v = self.qkv(x).chunk(3, -1)
        keys, values = torch.cat([cache[0][0], k], 1), torch.cat([cache[0][1], v], 1)
        return {"y": functional.scaled_dot_product_attention(q, keys, values), "next": [(keys, values)]}


class Seq2Seq(nn.Module):
    def __init__(self, words, d):
        super().__init__()
        self.embed, self.out = nn.Embedding(words, d), nn.Linear(d, words)
        self.encoder, self.decoder = nn.GRU(d, d, batch_first=True), nn.GRU(d, d, batch_first=True)

    def forward(self, source, target):
        _, state = self.encoder(self.embed(source))
        return self.out(self.decoder(self.embed(target), state)[0])


class TextCnn(nn.Module):
    def __init__(self, words, d):
        super().__init__()
        self.embed = nn.Embedding(words, d)
        self.convs = nn.ModuleList(nn.Conv1d(d, 4, size) for size in (2, 3))

    def forward(self, ids):
        x = self.embed(ids).transpose(1, 2)
        return torch.cat([layer(x).relu().amax(2) for layer in self.convs], 1)


class Gpt(nn.Module):
    def __init__(self, words, d):
        super().__init__()
        self.embed, self.place = nn.Embedding(words, d), nn.Embedding(64, d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, words)

    def forward(self, ids):
        x = self.embed(ids) + self.place(torch.arange(ids.shape[1]))
        q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(x + y.transpose(1, 2).flatten(2))


class Rotary(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.register_buffer("rate", 10000 ** (-torch.arange(0, d, 2) / d))

    def forward(self, x):
        angle = torch.arange(x.shape[1], dtype=torch.float32)[:, None] * self.rate
        a, b = x.chunk(2, -1)
        return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)


class Experts(nn.Module):
    """Each row through its two best experts, all of them computed."""

    def __init__(self, d, count):
        super().__init__()
        self.gate = nn.Linear(d, count)
        self.experts = nn.ModuleList(nn.Linear(d, d) for _ in range(count))

    def forward(self, x):
        value, index = self.gate(x).softmax(-1).topk(2)
        answers = torch.stack([expert(x) for expert in self.experts], 1)
        chosen = answers.gather(1, index[..., None].expand(-1, -1, x.shape[-1]))
        return (chosen * value[..., None]).sum(1)


class Perceiver(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.latent = nn.Parameter(torch.randn(1, 3, d))
        self.attention = nn.MultiheadAttention(d, 2, batch_first=True)

    def forward(self, x):
        return self.attention(self.latent.expand(x.shape[0], -1, -1), x, x, need_weights=False)[0]


class Mixer(nn.Module):
    def __init__(self, tokens, d):
        super().__init__()
        self.token, self.channel, self.norm = nn.Linear(tokens, tokens), nn.Linear(d, d), nn.LayerNorm(d)

    def forward(self, x):
        x = x + self.token(self.norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel(self.norm(x))


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.body, self.short = nn.Sequential(conv(a, b, 2), conv(b, b)), nn.Conv2d(a, b, 1, 2)

    def forward(self, x):
        return torch.relu(self.body(x) + self.short(x))


class ResNet(nn.Sequential):
    def __init__(self):
        super().__init__(conv(3, 8), Block(8, 16), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5))


class MobileNet(nn.Sequential):
    def __init__(self):
        depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        super().__init__(
            conv(3, 16, 2), depthwise, nn.Hardswish(), nn.Conv2d(16, 8, 1), nn.Flatten(), nn.Linear(512, 5)
        )


class SqueezeExcite(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.gate = nn.Sequential(nn.Conv2d(d, 2, 1), nn.SiLU(), nn.Conv2d(2, d, 1), nn.Sigmoid())

    def forward(self, x):
        return x * self.gate(x.mean((2, 3), keepdim=True))


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(conv(3 + 4 * n, 4) for n in range(3))

    def forward(self, x):
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.branches = nn.ModuleList(conv(3, 4, kernel=size) for size in (1, 3, 5))

    def forward(self, x):
        return torch.cat([*(branch(x) for branch in self.branches), functional.max_pool2d(x, 3, 1, 1)], 1)


class ConvNext(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.depth, self.norm = nn.Conv2d(d, d, 7, padding=3, groups=d), nn.LayerNorm(d)
        self.wide, self.narrow, self.scale = nn.Linear(d, 4 * d), nn.Linear(4 * d, d), nn.Parameter(torch.ones(d))

    def forward(self, x):
        y = self.norm(self.depth(x).permute(0, 2, 3, 1))
        return x + (self.scale * self.narrow(functional.gelu(self.wide(y)))).permute(0, 3, 1, 2)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.top, self.down, self.join = conv(3, 8), conv(8, 16, 2), conv(16, 8)
        self.up, self.out = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(8, 1, 1)

    def forward(self, image):
        top = self.top(image)
        return self.out(self.join(torch.cat([top, self.up(self.down(top))], 1))).sigmoid()


class Detector(nn.Module):
    """Boxes from a grid of anchors, and the five best of them."""

    def __init__(self):
        super().__init__()
        self.body, self.boxes, self.scores = conv(3, 8, 4), nn.Conv2d(8, 4, 1), nn.Conv2d(8, 2, 1)

    def forward(self, x):
        y = self.body(x)
        cells = torch.stack(torch.meshgrid(torch.arange(4.0), torch.arange(4.0), indexing="ij"), -1).view(1, -1, 2)
        boxes, scores = self.boxes(y).flatten(2).transpose(1, 2), self.scores(y).flatten(2).transpose(1, 2).softmax(-1)
        boxes = torch.cat([boxes[..., :2].sigmoid() + cells, boxes[..., 2:].exp()], -1)
        best, index = scores[..., 1].topk(5)
        return {"boxes": boxes.gather(1, index[..., None].expand(-1, -1, 4)), "scores": best}


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = conv(3, 8, 2), conv(8, 8, 2)

    def forward(self, x):
        fine = self.one(x)
        coarse = self.two(fine)
        return [fine + functional.interpolate(coarse, size=fine.shape[2:], mode="nearest"), coarse]


class VisionTransformer(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.patch, self.head = nn.Conv2d(3, d, 8, 8), nn.Linear(d, 5)
        self.token, self.place = nn.Parameter(torch.zeros(1, 1, d)), nn.Parameter(torch.randn(1, 5, d))
        self.layer = nn.TransformerEncoderLayer(d, 2, 32, batch_first=True, norm_first=True)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.place
        return self.head(self.layer(x)[:, 0])


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = conv(3, 8, 2), nn.ConvTranspose2d(4, 3, 4, 2, 1)

    def forward(self, x):
        mean, spread = self.encode(x).chunk(2, 1)
        return self.decode(mean).tanh(), mean, spread


class SuperResolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv(3, 8), nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, x):
        return self.body(x) + functional.interpolate(x, scale_factor=2.0, mode="bicubic")


class Diffusion(nn.Module):
    def __init__(self):
        super().__init__()
        self.time, self.down, self.up = nn.Linear(16, 8), nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(11, 3, 3, padding=1)
        self.norm, self.attention = nn.GroupNorm(2, 8), nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, noisy, time):
        angle = time[:, None] * torch.exp(-math.log(1e4) * torch.arange(8) / 8)
        y = self.down(noisy) + self.time(torch.cat([angle.sin(), angle.cos()], -1))[:, :, None, None]
        rows = self.norm(y).flatten(2).transpose(1, 2)
        y = y + self.attention(rows, rows, rows)[0].transpose(1, 2).view(y.shape)
        return self.up(torch.cat([noisy, functional.interpolate(functional.silu(y), scale_factor=2.0)], 1))


class Style(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ReflectionPad2d(1), nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8, affine=True), nn.PReLU(8))


class WaveNet(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.start, self.end = nn.Conv1d(1, d, 1), nn.Conv1d(d, 1, 1)
        self.layers = nn.ModuleList(nn.Conv1d(d, 2 * d, 2, dilation=2**n) for n in range(3))

    def forward(self, sound):
        x = self.start(sound)
        for number, layer in enumerate(self.layers):
            a, b = layer(functional.pad(x, (2**number, 0))).chunk(2, 1)
            x = x + a.tanh() * b.sigmoid()
        return self.end(x)


class Spectrogram(nn.Module):
    """A Fourier transform as a convolution, to mel-like bands."""

    def __init__(self, size, step):
        super().__init__()
        angle = 2 * math.pi * torch.outer(torch.arange(size // 2 + 1), torch.arange(size)) / size
        self.register_buffer("waves", torch.cat([angle.cos(), angle.sin()])[:, None])
        self.step, self.bands = step, nn.Linear(size // 2 + 1, 4)

    def forward(self, sound):
        real, imaginary = functional.conv1d(sound[:, None], self.waves, stride=self.step).chunk(2, 1)
        return self.bands((real**2 + imaginary**2).transpose(1, 2)).clamp(min=1e-3).log()


class Vocoder(nn.Sequential):
    def __init__(self):
        super().__init__(nn.ConvTranspose1d(8, 4, 8, 4, 2), nn.LeakyReLU(0.1), nn.Conv1d(4, 1, 7, padding=3), nn.Tanh())


class Crnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.rnn = conv(1, 4, 2), nn.LSTM(32, 8, bidirectional=True, batch_first=True)

    def forward(self, x):
        return self.rnn(self.body(x).permute(0, 3, 1, 2).flatten(2))[0].log_softmax(-1)


class Graph(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.message, self.update = nn.Linear(2 * d, d), nn.Linear(2 * d, d)

    def forward(self, nodes, edges):
        sent = self.message(torch.cat([nodes[edges[0]], nodes[edges[1]]], -1)).relu()
        got = torch.zeros_like(nodes).index_add(0, edges[1], sent)
        return self.update(torch.cat([nodes, got], -1))


class PointNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.each, self.all = nn.Conv1d(3, 16, 1), nn.Linear(16, 5)

    def forward(self, points):
        return self.all(self.each(points).relu().amax(2))


class Recommender(nn.Module):
    def __init__(self):
        super().__init__()
        self.users, self.items, self.mix = nn.Embedding(9, 8), nn.Embedding(9, 8), nn.Linear(16, 1)

    def forward(self, user, item):
        u, i = self.users(user), self.items(item)
        return (u * i).sum(-1) + self.mix(torch.cat([u, i], -1))[:, 0]


class Flow(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Linear(d // 2, d)

    def forward(self, x):
        a, b = x.chunk(2, -1)
        scale, shift = self.net(a).chunk(2, -1)
        return torch.cat([a, b * scale.exp() + shift], -1).flip(-1), scale.sum(-1)


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 4)

    def forward(self, left, right):
        return functional.cosine_similarity(self.body(left), self.body(right)), torch.cdist(
            self.body(left), self.body(right)
        )


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.rate, self.out = nn.Parameter(torch.randn(2, 8)), nn.Linear(16, 3)

    def forward(self, x):
        return self.out(torch.cat([(x @ self.rate).sin(), (x @ self.rate).cos()], -1)).sigmoid()


class FourierOperator(nn.Module):
    """Of which the lowest frequencies have a complex matrix each (Li et al., arXiv 2010.08895)."""

    def __init__(self, width, modes):
        super().__init__()
        self.modes = modes
        self.weight = nn.Parameter(torch.randn(width, width, modes, dtype=torch.cfloat) / width)
        self.direct = nn.Conv1d(width, width, 1)

    def forward(self, x):
        spectrum = torch.fft.rfft(x)
        low = torch.einsum("bim,iom->bom", spectrum[..., : self.modes], self.weight)
        whole = functional.pad(low, (0, spectrum.shape[-1] - self.modes))
        return functional.gelu(torch.fft.irfft(whole, n=x.shape[-1]) + self.direct(x))


class Denoiser(nn.Module):
    """A mask on the spectrogram, and back to sound."""

    def __init__(self, size, hop):
        super().__init__()
        self.size, self.hop = size, hop
        self.register_buffer("window", torch.hann_window(size))
        self.mask = nn.Conv1d(size // 2 + 1, size // 2 + 1, 3, padding=1)

    def forward(self, sound):
        spectrum = torch.stft(sound, self.size, self.hop, window=self.window, return_complex=True)
        kept = spectrum * self.mask(spectrum.abs()).sigmoid()
        return torch.istft(kept, self.size, self.hop, window=self.window, length=sound.shape[-1])
