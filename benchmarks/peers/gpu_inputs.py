# SPDX-License-Identifier: Apache-2.0
"""Inputs of the GPU cases, made on the device: the same for one seed and device."""

import numpy as np
import torch

from harness import Skipped

CHUNK = 100_000


def generator(device, seed):
    return torch.Generator(device=device).manual_seed(seed)


def groups_of_ten(num_items, device, seed):
    """For every item the group it belongs to; members lie scattered."""
    return torch.randperm(num_items, generator=generator(device, seed), device=device) // 10


def random_directions(num_items, dimensions, device, seed):
    """float32 [n, d], rows of length 1, every direction as likely."""
    rows = torch.empty(num_items, dimensions, device=device)
    source = generator(device, seed)
    for start in range(0, num_items, CHUNK):
        part = rows[start:start + CHUNK]
        part.normal_(generator=source)
        part /= part.norm(dim=1, keepdim=True)
    return rows


def plant_pairs(rows, threshold, distances, seed):
    """Makes pairs of neighbouring rows whose cosine is the threshold plus one of the distances, as near as float32
    allows; gives how many."""
    source = np.random.default_rng(seed)
    chosen = source.choice(len(rows) // 2, min(200, len(rows) // 20), replace=False) * 2
    for position, row in enumerate(chosen):
        one = rows[row].double().cpu().numpy()
        one /= np.linalg.norm(one)
        other = source.standard_normal(len(one))
        other -= other @ one * one
        other /= np.linalg.norm(other)
        cosine = threshold + distances[position % len(distances)]
        made = cosine * one + np.sqrt(1 - cosine**2) * other
        rows[row + 1] = torch.from_numpy(made).to(rows)
    return len(chosen)


def natural_images(num_images, side, device, seed, noise=6.0):
    """uint8 [n, side, side]: smooth shapes with finer ones on top, each octave half as strong, as in photos; of each
    group of ten all are noisy copies of one."""
    groups = groups_of_ten(num_images, device, seed)
    source = generator(device, seed)
    images = torch.empty(num_images, side, side, dtype=torch.uint8, device=device)
    step = max(1, 2**26 // side**2)
    bases = []
    for start in range(0, -(-num_images // 10), step):
        count = min(step, -(-num_images // 10) - start)
        base, weight, cells = torch.zeros(count, 1, side, side, device=device), 1.0, 2
        while cells <= side:
            coarse = torch.randn(count, 1, cells, cells, generator=source, device=device)
            base += weight * torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic")
            weight, cells = weight / 2, cells * 2
        low, high = base.amin((1, 2, 3), keepdim=True), base.amax((1, 2, 3), keepdim=True)
        bases.append(((base - low) / (high - low) * 255)[:, 0].half())
    base = torch.cat(bases)
    for start in range(0, num_images, step):
        part = base[groups[start:start + step]].float()
        strength = torch.rand(len(part), 1, 1, generator=source, device=device) * noise
        part += strength * torch.randn(part.shape, generator=source, device=device)
        images[start:start + step] = part.clamp(0, 255).round().to(torch.uint8)
    return images


def hashes(num_items, bits, max_flips, device, seed):
    """uint8 [n, bits / 8]: in a group each code differs from the group's in up to max_flips bits."""
    source = generator(device, seed)
    groups = groups_of_ten(num_items, device, seed)
    base = torch.randint(0, 256, (-(-num_items // 10), bits // 8), dtype=torch.uint8, generator=source, device=device)
    codes = base[groups]
    items = torch.arange(num_items, device=device)
    flips = torch.randint(0, max_flips + 1, (num_items,), generator=source, device=device)
    for flip in range(max_flips):
        bit = torch.randint(0, bits, (num_items,), generator=source, device=device)
        mask = torch.where(flips > flip, 1 << (bit % 8), 0).to(torch.uint8)
        codes[items, bit // 8] ^= mask
    return codes


def photos(bench, side):
    """The prepared photos, uint8 [n, side, side]. Raises Skipped without them."""
    path = bench.photos / f"photos{side}.npy" if bench.photos else None
    if not path or not path.exists():
        raise Skipped(f"photos{side}.npy is not among the data (scripts/gpu-node pack makes it where SIMILE_TEST_PHOTOS "
                      "is set)")
    return path


def save(bench, name, tensor):
    """Writes a tensor for our side; gives the file."""
    path = bench.folder / f"{name}.npy"
    np.save(path, tensor.cpu().numpy())
    return path
