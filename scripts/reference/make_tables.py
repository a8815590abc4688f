# SPDX-License-Identifier: Apache-2.0
"""Writes the small reference tables: make_tables.py tests/data

reference_images  the images themselves, one after the other
ssim_reference    scikit-image's structural_similarity
ssim_gaussian_reference  the same with Gaussian windows, of images and of their upper left corners
lanczos_reference Pillow's LANCZOS resize
hash_reference    ImageHash's hashes
"""

import csv
import pathlib
import sys

import imagehash
import numpy as np
import scipy.fftpack
from PIL import Image
from skimage.metrics import structural_similarity

from images import make_images

HASHES = {"ahash": imagehash.average_hash, "dhash": imagehash.dhash, "phash": imagehash.phash}
HASH_SIZES = (8, 9, 16, 32, 64)
RESIZES = ((8, 8), (9, 8), (32, 32), (17, 65), (1, 1))
CORNERS = ((11, 11), (11, 40), (53, 11), (12, 13), (37, 29))
LARGE_RESIZES = {"wide_a": (256, 256), "black_white_a": (100, 37)}


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_arrays(folder, stem, keys, arrays):
    """Arrays of several shapes: their bytes in one .npy, key columns and shapes in a .csv beside it, in the same order."""
    np.save(folder / f"{stem}.npy", np.concatenate([array.ravel() for array in arrays]))
    header = [*keys[0], "height", "width"]
    write_csv(folder / f"{stem}.csv", header, [[*k.values(), *a.shape] for k, a in zip(keys, arrays, strict=True)])


def ssim_pairs(images, window):
    """Pairs of one shape, both at least one window large: every pair of few, each with the next of many."""
    shapes = {}
    for name, image in images.items():
        if min(image.shape) >= window:
            shapes.setdefault(image.shape, []).append(name)
    for names in shapes.values():
        for k, first in enumerate(names):
            yield from ((first, second) for second in names[k:] if len(names) < 6 or second in names[k : k + 4])
    yield "natural_a", "natural_a_copy"
    yield "natural_a", "natural_a_inverted"
    yield "white", "white_but_one"
    yield "black", "white"
    yield "bright_a", "white_but_one"


def ssim_rows(images):
    for first, second in dict.fromkeys(ssim_pairs(images, 7)):
        value = structural_similarity(images[first], images[second], data_range=255)
        yield first, second, f"{value:.17g}"


def ssim_gaussian_rows(images):
    """Columns height and width: how much of the upper left corner is compared."""
    cases = [(*pair, *images[pair[0]].shape) for pair in ssim_pairs(images, 11)]
    cases += [(first, second, *corner) for first, second, *shape in cases if shape == [64, 64] for corner in CORNERS]
    for first, second, height, width in dict.fromkeys(cases):
        corners = [images[name][:height, :width] for name in (first, second)]
        value = structural_similarity(
            *corners, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        yield first, second, height, width, f"{value:.17g}"


def lanczos_tables(images):
    keys, arrays = [], []
    for name, image in images.items():
        for size in [*RESIZES, *([LARGE_RESIZES[name]] if name in LARGE_RESIZES else [])]:
            keys.append({"image": name})
            arrays.append(np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)))
    return keys, arrays


def undecided_bits(image, kind, hash_size):
    """Bits of a phash that hang on rounding noise: coefficients that equal the median but for it."""
    if kind != "phash":
        return 0
    side = 4 * hash_size
    pixels = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS))
    low = scipy.fftpack.dct(scipy.fftpack.dct(pixels, axis=0), axis=1)[:hash_size, :hash_size]
    close = np.count_nonzero(abs(low - np.median(low)) <= 1e-12 * max(abs(low).max(), 1))
    return close if close > 1 else 0  # of an odd number of coefficients, one is the median


def hash_rows(images):
    for name, image in images.items():
        for kind, compute in HASHES.items():
            for hash_size in HASH_SIZES:
                bits = compute(Image.fromarray(image), hash_size).hash
                yield name, kind, hash_size, np.packbits(bits).tobytes().hex(), undecided_bits(image, kind, hash_size)


def main():
    folder = pathlib.Path(sys.argv[1])
    images = make_images()
    write_arrays(folder, "reference_images", [{"image": name} for name in images], list(images.values()))
    write_csv(folder / "ssim_reference.csv", ["first", "second", "ssim"], ssim_rows(images))
    gaussian_header = ["first", "second", "height", "width", "ssim"]
    write_csv(folder / "ssim_gaussian_reference.csv", gaussian_header, ssim_gaussian_rows(images))
    write_arrays(folder, "lanczos_reference", *lanczos_tables(images))
    write_csv(folder / "hash_reference.csv", ["image", "kind", "hash_size", "hash", "undecided"], hash_rows(images))


if __name__ == "__main__":
    main()
