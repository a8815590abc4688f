# SPDX-License-Identifier: Apache-2.0
"""ORB descriptors matched with cross-check, against cv2.BFMatcher pair by pair on one thread."""

import numpy as np
import torch

import gpu_inputs
from engine import Side
from gpu_support import rounds_for, versions
from harness import Skipped, clock, random_pairs, require, take_turns, upper_pairs

DESCRIPTORS = 500
CHECKED = 30
SAMPLE = 100


def _descriptors(num_items, device):
    """uint8 [n, 500, 32]: in a group of ten every descriptor differs from the group's in a few bits."""
    source = gpu_inputs.generator(device, 4)
    base = torch.randint(0, 256, (-(-num_items // 10), DESCRIPTORS, 32), dtype=torch.uint8, generator=source,
                         device=device)
    rows = base[gpu_inputs.groups_of_ten(num_items, device, 4)]
    bits = torch.randint(0, 40, rows.shape, generator=source, device=device)
    return rows ^ torch.where(bits < 8, 1 << (bits % 8), 0).to(torch.uint8)


def by_hand(left, right):
    """The definition: the share of cross-checked matches below 0.75 of the worst of them."""
    distances = np.bitwise_count(left[:, None] ^ right[None]).sum(2, dtype=np.int64)
    to_right, to_left = distances.argmin(1), distances.argmin(0)
    rows = np.flatnonzero(to_left[to_right] == np.arange(len(left)))
    return share(distances[rows, to_right[rows]])


def share(distances):
    largest = max(distances)
    return sum(d < 0.75 * largest for d in distances) / len(distances) if largest > 0 else 1.0


def _by_cv2(descriptors):
    """A function scoring a pair by OpenCV on one thread, and its version; or None, None."""
    try:
        import cv2
    except ImportError:
        return None, None
    cv2.setNumThreads(1)
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    return (lambda i, j: share([match.distance for match in matcher.match(descriptors[i], descriptors[j])]),
            cv2.__version__)


def orb(bench):
    num_items = bench.size(2_500, 40)
    descriptors = _descriptors(num_items, bench.peer_place)
    offsets = bench.folder / "orb.offsets.npy"
    np.save(offsets, np.arange(num_items + 1, dtype=np.int64) * DESCRIPTORS)
    arguments = {"method": "orb", "offsets": offsets,
                 "file": gpu_inputs.save(bench, "orb", descriptors.view(-1, 32))}
    descriptors = descriptors.cpu().numpy()
    score, version = _by_cv2(descriptors)
    with bench.engine() as engine:
        engine.prepare("scores", "comparison", sink="scores", items=CHECKED, **arguments)
        engine.run("scores")
        expected = [(score or (lambda i, j: by_hand(descriptors[i], descriptors[j])))(i, j)
                    for i, j in upper_pairs(CHECKED)]
        require(np.array_equal(engine.result("scores", np.float64), expected), "orb: a score differs")
        if bench.quick:
            return
        engine.prepare("all", "comparison", sink="components", threshold=0.9, **arguments)
        ours = Side(engine)
        pairs = num_items * (num_items - 1) // 2
        rounds = rounds_for(bench, ours)
        if not score:
            seconds = take_turns(bench, {"ours": (pairs, ours)}, rounds)["ours"].median
            raise Skipped(f"cv2 is not here; ours equals the definition, {pairs / seconds:,.0f} pairs/s to components")
        sample = random_pairs(num_items, SAMPLE)
        runs = take_turns(bench, {"ours": (pairs, ours),
                                  "peer": (SAMPLE, clock(lambda: [score(i, j) for i, j in sample]))}, rounds)
        bench.add_row("orb", f"ORB with cross-check, all pairs of {num_items} images, {DESCRIPTORS} descriptors each",
                      5_000, "pairs/s", runs["ours"], runs["peer"], "cv2.BFMatcher crossCheck, one thread", version,
                      f"peer timed on {SAMPLE} random pairs, the rest extrapolated; {ours.note()}; {versions()}")
