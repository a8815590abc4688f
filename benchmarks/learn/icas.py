# SPDX-License-Identifier: Apache-2.0
"""The autoencoder of icas for 32 to 128 px in PyTorch, with the names that simile's weights have."""

from torch import nn


def encoder(layers, pool):
    parts = []
    for inputs, outputs, stride, norm, dropout in layers:
        parts.append(nn.Conv2d(inputs, outputs, 3, stride, 1))
        if norm:
            parts.append(nn.BatchNorm2d(outputs))
        parts.append(nn.ReLU(inplace=False))
        if dropout:
            parts.append(nn.Dropout2d(dropout))
    block = nn.Sequential(*parts)
    block.pool = nn.MaxPool2d(2, return_indices=True) if pool else None
    return block


def decoder(layers, unpool, last=False):
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
    block = nn.Sequential(*parts)
    block.unpool = nn.MaxUnpool2d(2) if unpool else None
    return block


class IcasAutoencoder128(nn.Module):
    """32 to 128 px; 64 px give 1,024 values."""

    def __init__(self):
        super().__init__()
        self.encoder1 = encoder([(3, 16, 2, False, 0), (16, 32, 2, True, 0), (32, 64, 2, True, 0)], True)
        self.encoder2 = encoder([(64, 128, 1, False, 0.2)], True)
        self.encoder3 = encoder([(128, 256, 1, False, 0)], False)
        self.decoder4 = decoder([(256, 128, 1, False, 0)], False)
        self.decoder5 = decoder([(128, 64, 1, True, 0.4)], True)
        self.decoder6 = decoder([(64, 32, 2, True, 0.3), (32, 16, 2, False, 0.2), (16, 3, 2, False, 0)], True, last=True)

    def forward(self, images):
        values, indices = images, []
        for block in (self.encoder1, self.encoder2, self.encoder3):
            values = block(values)
            if block.pool is not None:
                values, index = block.pool(values)
                indices.append(index)
        for block in (self.decoder4, self.decoder5, self.decoder6):
            if block.unpool is not None:
                values = block.unpool(values, indices.pop())
            values = block(values)
        return values
