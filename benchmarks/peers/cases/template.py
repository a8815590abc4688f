# SPDX-License-Identifier: Apache-2.0
"""Template matching of whole colour images, against cv2.matchTemplate pair by pair, one thread each."""

import cv2
import numpy as np

import inputs
from cases import pairwise
from harness import version


def template(bench):
    images = inputs.natural_images(bench.size(1000, 60), 64, 3, seed=3, noise=30.0)
    path = bench.folder / "template.npy"

    def save(items):
        np.save(path, images[items])
        return {"method": "template", "file": path}

    def score(i, j):
        return 1 - min(1.0, float(cv2.matchTemplate(images[i], images[j], cv2.TM_SQDIFF_NORMED)[0, 0]))

    pairwise.run(bench, pairwise.Pairwise(
        name="template", work=f"template matching, all pairs of {len(images)} colour images of 64 px",
        targets=lambda simd: 5000 if simd == "amx" else 1000, num_items=len(images), save=save, score=score,
        threshold=0.98, tolerance=1e-6, peer_name="cv2.matchTemplate TM_SQDIFF_NORMED",
        peer_version=version("opencv-python-headless"), flags="our images prepared", sample=2000,
        check_items=np.arange(bench.size(60, 40)), threads=1,
        levels=[level for level in bench.levels if level != "portable"] or ["portable"]))
