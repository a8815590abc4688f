# SPDX-License-Identifier: Apache-2.0
"""ORB descriptors matched with cross-check, against cv2.BFMatcher pair by pair, one thread each."""

import cv2
import numpy as np

import inputs
from cases import pairwise
from harness import version


def orb(bench):
    images = inputs.natural_images(bench.size(300, 40), 256, 1, seed=4, noise=12.0)
    images = inputs.with_edges(images, shapes=150, seed=4)
    descriptors = inputs.orb_descriptors(images)
    path, offsets_path = bench.folder / "orb.npy", bench.folder / "orb.offsets.npy"
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)

    def save(items):
        chosen = [descriptors[item] for item in items]
        np.save(path, np.concatenate(chosen))
        np.save(offsets_path, np.cumsum([0] + [len(one) for one in chosen]).astype(np.int64))
        return {"method": "orb", "file": path, "offsets": offsets_path}

    def score(i, j):
        distances = [match.distance for match in matcher.match(descriptors[i], descriptors[j])]
        largest = max(distances)
        return sum(d < 0.75 * largest for d in distances) / len(distances) if largest > 0 else 1.0

    mean = np.mean([len(one) for one in descriptors])
    pairwise.run(bench, pairwise.Pairwise(
        name="orb", work=f"ORB with cross-check, all pairs of {len(images)} images of 256 px", targets=lambda simd: 20,
        num_items=len(images), save=save, score=score, threshold=0.9, tolerance=0.0,
        peer_name="cv2.BFMatcher crossCheck", peer_version=version("opencv-python-headless"),
        flags=f"{mean:.0f} descriptors an image on average", sample=100, check_items=np.arange(bench.size(40, 20)),
        threads=1))
