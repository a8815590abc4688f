# SPDX-License-Identifier: Apache-2.0
"""Inputs of the cases: the same for one seed, in groups of about ten, so that components have something to find."""

import functools

import cv2
import numpy as np

from harness import Skipped


def groups_of_ten(num_items, rng):
    """For every item the group it belongs to; members lie scattered."""
    return rng.permutation(np.arange(num_items) // 10)


def natural_images(num_images, side, channels, seed, noise=6.0):
    """uint8 [n, side, side(, channels)]: smooth shapes with finer ones on top, each octave half as strong, as in
    photos; of each group all are noisy copies of one."""
    rng = np.random.default_rng(seed)
    groups = groups_of_ten(num_images, rng)
    shape = (side, side) if channels == 1 else (side, side, channels)
    images = np.empty((num_images, *shape), np.uint8)
    for group in range(groups.max() + 1):
        base, weight, cells = np.zeros(shape), 1.0, 2
        while cells <= side:
            coarse = rng.standard_normal((cells, cells) if channels == 1 else (cells, cells, channels))
            base += weight * cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
            weight, cells = weight / 2, cells * 2
        base = (base - base.min()) / np.ptp(base) * 255
        for item in np.flatnonzero(groups == group):
            images[item] = np.clip(base + rng.uniform(0, noise) * rng.standard_normal(shape), 0, 255).round()
    return images


def with_edges(images, shapes, seed):
    """Adds ellipses at random to grey images, the same ones to all of a group: corners for a detector."""
    rng = np.random.default_rng(seed)
    side = images.shape[1]
    images = images.copy()
    groups = groups_of_ten(len(images), np.random.default_rng(seed))
    for group in range(groups.max() + 1):
        drawn = [(rng.integers(0, side, 2), rng.integers(2, side // 8, 2), rng.uniform(0, 180),
                  int(rng.integers(0, 256))) for _ in range(shapes)]
        for item in np.flatnonzero(groups == group):
            for centre, axes, angle, level in drawn:
                cv2.ellipse(images[item], tuple(map(int, centre)), tuple(map(int, axes)), angle, 0, 360, level, -1)
    return images


def embeddings(num_items, dimensions, seed):
    """float32 [n, d], rows of length 1: cosines within a group lie between about .7 and .96."""
    rng = np.random.default_rng(seed)
    groups = groups_of_ten(num_items, rng)
    centres = rng.standard_normal((groups.max() + 1, dimensions)).astype(np.float32)
    spread = rng.uniform(0.2, 0.6, (num_items, 1)).astype(np.float32)
    rows = centres[groups] + spread * rng.standard_normal((num_items, dimensions)).astype(np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def keep_clear_of(rows, threshold, margin, seed):
    """Changes rows until no cosine lies within `margin` of the threshold: programs that add up in single precision
    decide alike then."""
    rng = np.random.default_rng(seed)
    rows = rows.copy()
    while True:
        close = set()
        for start in range(0, len(rows), 1000):
            block = rows[start:start + 1000].astype(np.float64) @ rows.T.astype(np.float64)
            i, j = np.nonzero(np.abs(block - threshold) <= margin)
            close.update(int(k) for k in i[i + start != j] + start)
        if not close:
            return rows
        for item in close:
            moved = rows[item] + 0.02 / np.sqrt(rows.shape[1]) * rng.standard_normal(rows.shape[1])
            rows[item] = moved / np.linalg.norm(moved)


def hashes(num_items, bits, max_flips, seed):
    """uint8 [n, bits / 8]: in a group each code differs from the group's in up to max_flips bits."""
    rng = np.random.default_rng(seed)
    groups = groups_of_ten(num_items, rng)
    codes = rng.integers(0, 2, (groups.max() + 1, bits), np.uint8)[groups]
    for item, flips in enumerate(rng.integers(0, max_flips + 1, num_items)):
        codes[item, rng.choice(bits, flips, replace=False)] ^= 1
    return np.packbits(codes, axis=1)


def signatures(num_items, seed):
    """uint32 [n, 128]: in a group each signature keeps 50% to 100% of the group's minima."""
    rng = np.random.default_rng(seed)
    groups = groups_of_ten(num_items, rng)
    base = rng.integers(0, 2**32 - 1, (groups.max() + 1, 128), np.uint32)
    own = rng.integers(0, 2**32 - 1, (num_items, 128), np.uint32)
    keep = rng.random((num_items, 128)) < rng.uniform(0.5, 1, (num_items, 1))
    return np.where(keep, base[groups], own).astype(np.uint32)


def orb_descriptors(images):
    """A list of uint8 [m, 32], m <= 500, from grey images."""
    orb = cv2.ORB_create(500)
    found = [orb.detectAndCompute(image, None)[1] for image in images]
    return [np.empty((0, 32), np.uint8) if one is None else one for one in found]


def photo_paths(bench, count):
    """The first `count` photos by path. Raises Skipped without photos."""
    if bench.photos is None:
        raise Skipped("SIMILE_TEST_PHOTOS is not set")
    paths = _photos_below(bench.photos)
    if len(paths) < count:
        raise Skipped(f"{bench.photos} holds {len(paths)} photos; {count} are needed")
    return paths[:count]


@functools.cache
def _photos_below(folder):
    return sorted(folder.rglob("*.jpg"))
