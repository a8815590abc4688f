# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/network_reference.csv: networks.py tests/data

What the networks' Python originals (torchvision, timm) give in double precision, and the icas autoencoders, which have
no package, as blocks of nn.Sequential. Weights and images are made from names (fill, image), in C++ by
tests/model/made_weights.hpp, so neither is kept. One row per output: its shape, its norm, and values at even steps.
Needs torch 2.11.0, torchvision 0.26.0 and timm 1.0.31, apart from requirements.txt; takes two minutes.
"""

import csv
import math
import pathlib
import sys
import zlib

import numpy as np
import timm
import torch
import torchvision
from torch import nn

NUM_VALUES = 24


def uniform(name, count):
    """`count` numbers of [0, 1): SplitMix64 (simile::Random) seeded by the CRC-32 of the name."""
    with np.errstate(over="ignore"):
        seed = np.uint64(zlib.crc32(name.encode()))
        state = seed + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def fill(name, shape):
    """Weights keep the size of what passes; variances and scales are positive; all are float32 values."""
    values = uniform(name, math.prod(shape)).reshape(shape)
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    if name.endswith("running_var"):
        values = 0.5 + values
    elif len(shape) >= 2 and name.endswith("weight"):
        values = (2 * values - 1) * math.sqrt((6 if len(shape) == 4 else 3) / math.prod(shape[1:]))
    elif name.endswith(("weight", "gamma")):
        values = 0.75 + 0.5 * values
    else:
        values = 0.1 * (2 * values - 1)
    return torch.from_numpy(values.astype(np.float32))


def image(batch, height, width):
    values = 4 * uniform(f"image {height} {width}", batch * 3 * height * width) - 2
    return torch.from_numpy(values.astype(np.float32)).reshape(batch, 3, height, width)


def convolution(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


def transposed(inputs, outputs, stride=1):
    return nn.ConvTranspose2d(inputs, outputs, 3, stride, padding=1, output_padding=stride - 1)


def pool():
    return nn.MaxPool2d(2, return_indices=True)


class IcasAutoencoder(nn.Module):
    """Encoder blocks, some of which end in a pool; decoder blocks, all but the first of which begin by undoing one."""

    def __init__(self, encoders, decoders):
        super().__init__()
        self.encoders = [f"encoder{k + 1}" for k in range(len(encoders))]
        self.decoders = [f"decoder{len(encoders) + k + 1}" for k in range(len(decoders))]
        for name, block in zip(self.encoders + self.decoders, encoders + decoders, strict=True):
            self.add_module(name, nn.Sequential(*block))

    def forward(self, x):
        pools = []
        for name in self.encoders:
            for layer in self.get_submodule(name):
                x = layer(x)
                if isinstance(layer, nn.MaxPool2d):
                    x, indices = x
                    pools.append(indices)
        embedding = x.flatten(1)
        for name in self.decoders:
            if name != self.decoders[0]:
                x = nn.functional.max_unpool2d(x, pools.pop(), 2)
            x = self.get_submodule(name)(x)
        return {"embedding": embedding, "reconstruction": x}


def encoder_start():
    return [
        *(convolution(3, 16, 2), nn.ReLU()),
        *(convolution(16, 32, 2), nn.BatchNorm2d(32), nn.ReLU()),
        *(convolution(32, 64, 2), nn.BatchNorm2d(64), nn.ReLU()),
        pool(),
    ]


def icas_autoencoder_128():
    return IcasAutoencoder(
        [
            encoder_start(),
            [convolution(64, 128), nn.ReLU(), nn.Dropout2d(0.2), pool()],
            [convolution(128, 256), nn.ReLU()],
        ],
        [
            [transposed(256, 128), nn.ReLU()],
            [transposed(128, 64), nn.BatchNorm2d(64), nn.ReLU(), nn.Dropout2d(0.4)],
            [
                *(transposed(64, 32, 2), nn.BatchNorm2d(32), nn.ReLU(), nn.Dropout2d(0.3)),
                *(transposed(32, 16, 2), nn.ReLU(), nn.Dropout2d(0.2)),
                *(transposed(16, 3, 2), nn.Sigmoid()),
            ],
        ],
    )


def icas_autoencoder_256():
    return IcasAutoencoder(
        [
            encoder_start(),
            [convolution(64, 128, 2), nn.ReLU(), nn.Dropout2d(0.2), pool()],
            [convolution(128, 128), nn.ReLU(), nn.Dropout2d(0.3), pool()],
            [convolution(128, 128), nn.ReLU(), nn.Dropout2d(0.4), pool()],
            [convolution(128, 256), nn.ReLU()],
        ],
        [
            [transposed(256, 128), nn.ReLU()],
            [transposed(128, 128), nn.BatchNorm2d(128), nn.ReLU()],
            [transposed(128, 128), nn.BatchNorm2d(128), nn.ReLU()],
            [transposed(128, 64, 2), nn.ReLU(), nn.Dropout2d(0.4)],
            [
                *(transposed(64, 32, 2), nn.ReLU(), nn.Dropout2d(0.3)),
                *(transposed(32, 16, 2), nn.ReLU(), nn.Dropout2d(0.2)),
                *(transposed(16, 3, 2), nn.Sigmoid()),
            ],
        ],
    )


def of_timm(name):
    return timm.create_model(name, dynamic_img_size=True) if name.startswith("vit_") else timm.create_model(name)


VGG_LAYERS = {"relu1_2": "features.3", "relu2_2": "features.8", "relu3_4": "features.17", "relu4_4": "features.26",
              "relu5_4": "features.35", "pool5": "features.36", "fc6": "classifier.1", "fc7": "classifier.4",
              "logits": "classifier.6"}  # fmt: skip
RESNET_LAYERS = {"stem": "maxpool", "layer1": "layer1", "layer3": "layer3", "layer4": "layer4", "logits": "fc"}
LITE_LAYERS = {"stem": "bn1", "stage0": "blocks.0", "stage2": "blocks.2", "stage6": "blocks.6", "head": "bn2",
               "pooled": "global_pool", "logits": "classifier"}  # fmt: skip
VIT_LAYERS = {"block0": "blocks.0", "block11": "blocks.11", "tokens": "norm", "logits": "head"}

# (how to make it, {our layer: its module}, [(batch, height, width)])
CASES = {
    "icas_autoencoder_128": (icas_autoencoder_128, {}, [(2, 32, 32), (2, 64, 64), (1, 128, 128)]),
    "icas_autoencoder_256": (icas_autoencoder_256, {}, [(2, 256, 256)]),
    "resnet18": (torchvision.models.resnet18, RESNET_LAYERS, [(2, 64, 64), (1, 75, 97)]),
    "resnet50": (torchvision.models.resnet50, RESNET_LAYERS, [(2, 64, 64)]),
    "tf_efficientnet_lite0": (of_timm, LITE_LAYERS, [(2, 224, 224), (3, 75, 98)]),
    "vgg19": (torchvision.models.vgg19, VGG_LAYERS, [(2, 64, 64)]),
    "vit_base_patch14_dinov2": (of_timm, VIT_LAYERS, [(1, 98, 98)]),
    "vit_base_patch32_clip_224": (of_timm, VIT_LAYERS, [(2, 224, 224), (1, 96, 160)]),
    "vit_small_patch14_dinov2": (of_timm, VIT_LAYERS, [(1, 518, 518), (2, 224, 224), (1, 84, 126)]),
}


def outputs(name, make, layers, shape):
    torch.manual_seed(0)
    network = (make(name) if make is of_timm else make()).eval()
    network.load_state_dict({key: fill(key, tuple(value.shape)) for key, value in network.state_dict().items()})
    network.double()
    seen = {}
    hooks = []
    for layer, module in layers.items():
        if layer != "logits" or isinstance(network.get_submodule(module), nn.Linear):
            keep = lambda _, __, out, layer=layer: seen.__setitem__(layer, out.clone())  # inplace activations follow
            hooks.append(network.get_submodule(module).register_forward_hook(keep))
    with torch.inference_mode():
        x = image(*shape).double()
        given = network(x)
    for hook in hooks:
        hook.remove()
    return given if isinstance(network, IcasAutoencoder) else seen


def main(folder):
    with open(pathlib.Path(folder) / "network_reference.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["network", "batch", "height", "width", "layer", "shape", "norm", "values"])
        for name, (make, layers, shapes) in CASES.items():
            for shape in shapes:
                for layer, value in outputs(name, make, layers, shape).items():
                    flat = value.flatten()
                    step = max(1, len(flat) // NUM_VALUES)
                    values = " ".join(f"{v:.9g}" for v in flat[::step][:NUM_VALUES].tolist())
                    size = "x".join(map(str, value.shape))
                    writer.writerow([name, *shape, layer, size, f"{flat.norm().item():.9g}", values])
                print(name, *shape, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
