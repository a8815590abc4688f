# SPDX-License-Identifier: Apache-2.0
"""The autoencoder of icas for 32 to 128 px in PyTorch, with the names that simile's weights have."""

from torch import nn
from torch.nn import functional


def encoder(layers):
    parts = []
    for inputs, outputs, stride, norm, dropout in layers:
        parts.append(nn.Conv2d(inputs, outputs, 3, stride, 1))
        if norm:
            parts.append(nn.BatchNorm2d(outputs))
        parts.append(nn.ReLU(inplace=False))
        if dropout:
            parts.append(nn.Dropout2d(dropout))
    return nn.Sequential(*parts)


def decoder(layers, last=False):
    parts = []
    for index, (inputs, outputs, stride, norm, dropout) in enumerate(layers):
        parts.append(nn.ConvTranspose2d(inputs, outputs, 3, stride, 1, output_padding=stride - 1))
        if last and index + 1 == len(layers):
            parts.append(nn.Sigmoid())
            break
        if norm:
            parts.append(nn.BatchNorm2d(outputs))
        parts.append(nn.ReLU(inplace=False))
        if dropout:
            parts.append(nn.Dropout2d(dropout))
    return nn.Sequential(*parts)


class IcasAutoencoder128(nn.Module):
    """32 to 128 px; 64 px give 1,024 values."""

    def __init__(self):
        super().__init__()
        self.encoder1 = encoder([(3, 16, 2, False, 0), (16, 32, 2, True, 0), (32, 64, 2, True, 0)])
        self.encoder2 = encoder([(64, 128, 1, False, 0.2)])
        self.encoder3 = encoder([(128, 256, 1, False, 0)])
        self.decoder4 = decoder([(256, 128, 1, False, 0)])
        self.decoder5 = decoder([(128, 64, 1, True, 0.4)])
        self.decoder6 = decoder([(64, 32, 2, True, 0.3), (32, 16, 2, False, 0.2), (16, 3, 2, False, 0)], last=True)

    def forward(self, images):
        values, first = functional.max_pool2d(self.encoder1(images), 2, return_indices=True)
        values, second = functional.max_pool2d(self.encoder2(values), 2, return_indices=True)
        values = self.decoder4(self.encoder3(values))
        values = self.decoder5(functional.max_unpool2d(values, second, 2))
        return self.decoder6(functional.max_unpool2d(values, first, 2))
