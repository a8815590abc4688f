# SPDX-License-Identifier: Apache-2.0
"""The small grey images of the reference tables, from a fixed seed."""

import numpy as np

SEED = 20260101


def natural(rng, height, width):
    """Smooth shapes and an edge over fine grain, with a spectrum that falls off like a photo's."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    image = np.zeros((height, width))
    for octave in range(6):
        for _ in range(4):
            fy, fx = rng.normal(0, 2.0**octave, 2)
            image += rng.normal() / 2.0**octave * np.sin(2 * np.pi * (fx * x + fy * y + rng.random()))
    image += 2 * (x * rng.normal() + y * rng.normal() > rng.normal() / 4)
    image = (image - image.min()) / np.ptp(image) if height * width > 1 else image + 0.5
    return np.round(20 + 200 * image + rng.normal(0, 2, image.shape)).clip(0, 255).astype(np.uint8)


def noise(rng, height, width, low=0, high=256):
    return rng.integers(low, high, (height, width), dtype=np.uint8)


def near_copy(rng, image):
    return np.clip(image.astype(int) + rng.integers(-4, 5, image.shape), 0, 255).astype(np.uint8)


def make_images():
    """Name -> uint8 [height, width]."""
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[0:64, 0:64]
    images = {
        "natural_a": natural(rng, 64, 64),
        "natural_b": natural(rng, 64, 64),
        "noise_a": noise(rng, 64, 64),
        "noise_b": noise(rng, 64, 64),
        "black": np.zeros((64, 64), np.uint8),
        "grey": np.full((64, 64), 128, np.uint8),
        "white": np.full((64, 64), 255, np.uint8),
        "gradient_x": (4 * x).astype(np.uint8),
        "gradient_y": (4 * y).astype(np.uint8),
        "gradient_xy": (x + 2 * y).astype(np.uint8),
        "checkers": (255 * ((x // 5 + y // 7) % 2)).astype(np.uint8),
        "black_white_a": 255 * noise(rng, 64, 64, 0, 2),
        "black_white_b": 255 * noise(rng, 64, 64, 0, 2),
        "bright_a": noise(rng, 64, 64, 254, 256),
        "bright_b": noise(rng, 64, 64, 254, 256),
        "dark": noise(rng, 64, 64, 0, 2),
        "tall_a": natural(rng, 120, 90),
        "wide_a": natural(rng, 90, 120),
        "wide_noise": noise(rng, 90, 120),
        "odd_a": natural(rng, 31, 47),
        "window_a": noise(rng, 7, 7),
        "window_b": noise(rng, 7, 7),
        "strip_a": natural(rng, 7, 90),
        "strip_b": natural(rng, 7, 90),
        "column": natural(rng, 120, 10),
        "pixel": np.full((1, 1), 77, np.uint8),
        "line": noise(rng, 1, 50),
        "pole": noise(rng, 50, 1),
    }
    for name in ("natural", "tall", "wide", "odd"):
        images[f"{name}_a_copy"] = near_copy(rng, images[f"{name}_a"])
    images["natural_a_inverted"] = 255 - images["natural_a"]
    one_pixel = images["white"].copy()
    one_pixel[31, 40] = 254
    images["white_but_one"] = one_pixel
    return images
