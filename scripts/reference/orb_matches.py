# SPDX-License-Identifier: Apache-2.0
"""Writes the reference table of ORB matches: orb_matches.py tests/data

orb_matches    OpenCV's brute-force matcher with cross-check on random descriptors and on such with many ties, and
               the similarity that docs/definitions.md makes of the matches
"""

import csv
import pathlib
import sys

import cv2
import numpy as np

DESCRIPTOR_BYTES = 32


def descriptors(rng, count, kind):
    rows = rng.integers(0, 256, (count, DESCRIPTOR_BYTES), dtype=np.uint8)
    if kind == "ties":  # few bits, so that many distances are equal
        rows &= np.uint8(1)
        rows[:, 6:] = 0
    return rows


def cases():
    rng = np.random.default_rng(1)
    for kind in ("random", "ties"):
        for left, right in ((1, 1), (1, 9), (9, 1), (8, 8), (13, 17), (24, 24)):
            yield f"{kind} {left} x {right}", descriptors(rng, left, kind), descriptors(rng, right, kind)
        given = descriptors(rng, 11, kind)
        yield f"{kind} equal", given, given
        yield f"{kind} reversed", given, given[::-1].copy()
        changed = given.copy()
        changed[::2, 3] ^= np.uint8(0b10)
        yield f"{kind} changed", given, changed


def similarity(matches):
    largest = max(distance for _, _, distance in matches)
    return 1 if largest == 0 else sum(distance < 0.75 * largest for _, _, distance in matches) / len(matches)


def main(folder):
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    with open(pathlib.Path(folder) / "orb_matches.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "left", "right", "matches", "similarity"])
        for name, left, right in cases():
            found = sorted((m.queryIdx, m.trainIdx, int(m.distance)) for m in matcher.match(left, right))
            numbers = " ".join(str(number) for match in found for number in match)
            writer.writerow([name, left.tobytes().hex(), right.tobytes().hex(), numbers, repr(similarity(found))])


if __name__ == "__main__":
    main(*sys.argv[1:])
