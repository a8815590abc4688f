# SPDX-License-Identifier: Apache-2.0
"""Writes scipy's single-linkage dendrograms: make_linkage.py tests/data

linkage_points.npy     float32 rows, the sets one after the other
linkage_reference.csv  set,first,second,height,size: scipy.cluster.hierarchy.linkage, metric cosine
"""

import csv
import pathlib
import sys

import numpy as np
from scipy.cluster.hierarchy import linkage

DIMENSIONS = 5


def make_sets():
    """Vectors without equal distances: a cloud, groups, and two points."""
    random = np.random.default_rng(7)
    centres = random.normal(size=(6, DIMENSIONS))
    yield random.normal(size=(40, DIMENSIONS))
    yield np.repeat(centres, 10, axis=0) + random.normal(scale=0.2, size=(60, DIMENSIONS))
    yield random.normal(size=(2, DIMENSIONS))


def main(folder):
    sets = [points.astype(np.float32) for points in make_sets()]
    np.save(folder / "linkage_points.npy", np.concatenate(sets))
    with open(folder / "linkage_reference.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["set", "first", "second", "height", "size"])
        for number, points in enumerate(sets):
            rows = linkage(points.astype(np.float64), method="single", metric="cosine")
            assert len(np.unique(rows[:, 2])) == len(rows)
            writer.writerows([number, int(a), int(b), repr(float(h)), int(size)] for a, b, h, size in rows)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
