# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/template_reference.csv: template_table.py tests/data

OpenCV's matchTemplate, TM_SQDIFF_NORMED, of colour images of one size. A colour image is three of the grey reference
images, one a channel.
"""

import csv
import pathlib
import sys

import cv2
import numpy as np

from images import make_images

SHIFTED = 3  # names between the channels of a mixed image


def colour_names(images):
    """Per shape, colour images as triples of names: grey ones, and ones whose channels differ."""
    shapes = {}
    for name, image in images.items():
        shapes.setdefault(image.shape, []).append(name)
    for names in shapes.values():
        count = len(names)
        mixed = [(names[k], names[(k + SHIFTED) % count], names[(k + 2 * SHIFTED) % count]) for k in range(count)]
        yield list(dict.fromkeys([(name,) * 3 for name in names] + mixed))


def rows(images):
    for colours in colour_names(images):
        for k, first in enumerate(colours):
            for second in colours[k :: max(1, len(colours) // 8)]:
                a, b = (np.dstack([images[name] for name in colour]) for colour in (first, second))
                value = cv2.matchTemplate(a, b, cv2.TM_SQDIFF_NORMED)[0, 0]
                yield " ".join(first), " ".join(second), f"{value:.9g}"


def main():
    with open(pathlib.Path(sys.argv[1]) / "template_reference.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["first", "second", "sqdiff_normed"])
        writer.writerows(rows(make_images()))


if __name__ == "__main__":
    main()
