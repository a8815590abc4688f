# SPDX-License-Identifier: Apache-2.0
"""Writes ImageHash's hashes of the clothing photos: hash_photos.py PHOTOS tests/data/clothing_hashes.csv

PHOTOS holds train/, validation/ and test/ of the CC0 data set clothing-dataset-small. Every photo at hash size 8, a seeded
sample also at the larger sizes (empty cells elsewhere). Photos are turned by their EXIF orientation first.
"""

import csv
import multiprocessing
import pathlib
import random
import sys

import imagehash
import numpy as np
from PIL import Image, ImageOps

HASHES = {"ahash": imagehash.average_hash, "dhash": imagehash.dhash, "phash": imagehash.phash}
SAMPLED = {16: 600, 32: 200, 64: 50}
SEED = 20260101


def row(task):
    root, path, hash_sizes = task
    with Image.open(root / path) as photo:
        upright = ImageOps.exif_transpose(photo)
    cells = [path.as_posix()]
    for hash_size in (8, *SAMPLED):
        for compute in HASHES.values():
            wanted = hash_size in hash_sizes
            cells.append(np.packbits(compute(upright, hash_size).hash).tobytes().hex() if wanted else "")
    return cells


def main():
    root = pathlib.Path(sys.argv[1])
    paths = sorted(path.relative_to(root) for path in root.glob("*/*/*.jpg"))
    rank = list(range(len(paths)))
    random.Random(SEED).shuffle(rank)
    tasks = [(root, p, {8, *(s for s, n in SAMPLED.items() if r < n)}) for p, r in zip(paths, rank, strict=True)]
    with multiprocessing.Pool() as pool, open(sys.argv[2], "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["path", *(f"{kind}{size}" for size in (8, *SAMPLED) for kind in HASHES)])
        writer.writerows(pool.imap(row, tasks, chunksize=16))


if __name__ == "__main__":
    main()
