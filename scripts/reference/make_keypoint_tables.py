# SPDX-License-Identifier: Apache-2.0
"""Writes the reference tables of minhash and orb: make_keypoint_tables.py tests/data

harris_reference  OpenCV's cornerHarris (block 2, aperture 3, k .04), float32
orb_reference     descriptors of OpenCV's ORB with 500 features, in its order

The images are those of reference_images, and larger ones with many edges, which are in orb_images.
"""

import csv
import pathlib
import sys

import cv2
import numpy as np

from images import make_images

HARRIS = (
    *("natural_a", "noise_a", "checkers", "grey", "black_white_a", "tall_a", "odd_a", "window_a"),
    *("strip_a", "line", "pole", "pixel"),
)
ORB = ("natural_a", "tall_a", "wide_noise", "grey")
ORB_SEED = 20260102
ORB_SHAPES = {(96, 128): 60, (200, 160): 400}


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_arrays(folder, stem, arrays):
    """Arrays of several shapes: their bytes in one .npy, names and shapes in a .csv beside it, in the same order."""
    np.save(folder / f"{stem}.npy", np.concatenate([array.ravel() for array in arrays.values()]))
    write_csv(folder / f"{stem}.csv", ["image", "height", "width"], [[name, *a.shape] for name, a in arrays.items()])


def rectangles(rng, height, width, count):
    """Rectangles of all sizes and levels over each other: corners at every scale."""
    image = np.full((height, width), 128, np.uint8)
    for _ in range(count):
        y, x = rng.integers(0, height), rng.integers(0, width)
        h, w = rng.integers(2, 1 + height // 3), rng.integers(2, 1 + width // 3)
        image[y : y + h, x : x + w] = rng.integers(0, 256)
    return image


def descriptors(image):
    found = cv2.ORB_create(500).detectAndCompute(image, None)[1]
    return b"" if found is None else found.tobytes()


def main():
    folder = pathlib.Path(sys.argv[1])
    images = make_images()
    write_arrays(folder, "harris_reference", {name: cv2.cornerHarris(images[name], 2, 3, 0.04) for name in HARRIS})
    rng = np.random.default_rng(ORB_SEED)
    large = {f"rectangles_{h}x{w}": rectangles(rng, h, w, count) for (h, w), count in ORB_SHAPES.items()}
    write_arrays(folder, "orb_images", large)
    chosen = {name: images[name] for name in ORB} | large
    rows = [[name, descriptors(image).hex()] for name, image in chosen.items()]
    write_csv(folder / "orb_reference.csv", ["image", "descriptors"], rows)


if __name__ == "__main__":
    main()
