# SPDX-License-Identifier: Apache-2.0
"""SSIM, 7x7: against scikit-image pair by pair without pruning, and early exit against our own dense run."""

import cv2
import numpy as np
from skimage.metrics import structural_similarity

import inputs
from cases import pairwise
from engine import Side
from harness import require, require_same_labels, take_turns, version

THRESHOLD = 0.9


def _dense(bench, side, target, sample):
    images = inputs.natural_images(bench.size(300, 60), side, 1, seed=side)
    path = bench.folder / f"ssim{side}.npy"

    def save(items):
        np.save(path, images[items])
        return {"method": "ssim", "file": path}

    pairwise.run(bench, pairwise.Pairwise(
        name=f"ssim{side}", work=f"SSIM 7x7, all pairs of {len(images)} images of {side} px, no pruning",
        targets=lambda simd: target, num_items=len(images), save=save,
        score=lambda i, j: structural_similarity(images[i], images[j], data_range=255),
        threshold=THRESHOLD, tolerance=1e-10, peer_name="scikit-image structural_similarity",
        peer_version=version("scikit-image"), flags="ours with every pruning by the threshold off; our images prepared",
        sample=sample, check_items=np.arange(bench.size(40, 25)), threads=bench.threads, sink="unpruned"))


def ssim64(bench):
    _dense(bench, 64, 400, sample=2000)


def ssim256(bench):
    _dense(bench, 256, 300, sample=200)


def ssim_exit(bench):
    """The same engine, the same photos, with and without pruning by the threshold."""
    paths = inputs.photo_paths(bench, bench.size(2500, 200))
    images = np.stack([
        cv2.resize(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2GRAY), (64, 64), interpolation=cv2.INTER_AREA)
        for path in paths])
    path = bench.folder / "photos64.npy"
    np.save(path, images)
    with bench.engine() as engine:
        for name, sink in (("pruned", "components"), ("dense", "unpruned")):
            engine.prepare(name, "comparison", method="ssim", file=path, sink=sink, threshold=THRESHOLD)
        reports = {name: engine.run(name) for name in ("pruned", "dense")}
        labels = {name: engine.result(name, np.int64) for name in reports}
        require_same_labels("ssim_exit", labels["pruned"], labels["dense"])
        require(reports["dense"]["pairs_skipped"] == 0, "ssim_exit: the dense run skipped pairs")
        if bench.quick:
            return
        pairs = reports["dense"]["pairs"]
        sides = {name: Side(engine, name) for name in ("pruned", "dense")}
        runs = take_turns(bench, {name: (pairs, side) for name, side in sides.items()})
        info = engine.ask("info")
        bench.add_row(
            "ssim_exit", f"SSIM 7x7 to components, {len(images)} photos at 64 px, t = {THRESHOLD}: early exit", 4, "s",
            runs["pruned"], runs["dense"], "simile, dense run", info["version"],
            f"{bench.threads} threads a side; simd {info['simd']}; the peer is the same engine with every pruning by "
            f"the threshold off; {sides['pruned'].note()}")
