# SPDX-License-Identifier: Apache-2.0
"""Rows whose peer scores one pair at a time: it is timed on a sample, ours on all pairs to components."""

import contextlib
import dataclasses
from collections.abc import Callable

import numpy as np

from engine import Side
from harness import (PairWorkers, clock, component_labels, random_pairs, require, require_same_labels, take_turns,
                     upper_pairs)


@dataclasses.dataclass
class Pairwise:
    """`save(items)` writes the features of some items and gives the engine's arguments; `score(i, j)` is the peer."""

    name: str
    work: str
    targets: Callable  # SIMD level -> the ratio to be reached
    num_items: int
    save: Callable
    score: Callable
    threshold: float
    tolerance: float  # of a score against the peer's
    peer_name: str
    peer_version: str
    flags: str
    sample: int  # pairs of one timed run of the peer
    check_items: np.ndarray  # all pairs of these are compared with the peer's
    threads: int
    sink: str = "components"
    levels: list = dataclasses.field(default_factory=lambda: [None])


def threads_note(threads):
    return "one thread a side" if threads == 1 else f"ours {threads} threads, peer {threads} processes of one thread"


def check(bench, case, workers, simd):
    """Scores and labels of every pair of the items to be checked."""
    items = case.check_items
    pairs = upper_pairs(len(items))
    peer = workers.scores([(int(items[i]), int(items[j])) for i, j in pairs])
    with bench.engine(case.threads, simd) as engine:
        arguments = case.save(items)
        engine.prepare("scores", "comparison", sink="scores", **arguments)
        engine.run("scores")
        ours = engine.result("scores", np.float64)
        worst = np.abs(ours - peer).max()
        require(worst <= case.tolerance, f"{case.name}: a score differs from {case.peer_name} by {worst:.3g}")
        engine.prepare("labels", "comparison", sink=case.sink, threshold=case.threshold, **arguments)
        engine.run("labels")
        alike = pairs[peer >= case.threshold]
        require(np.abs(peer - case.threshold).min() > case.tolerance or case.tolerance == 0,
                f"{case.name}: a score lies within {case.tolerance} of the threshold: choose other data")
        require(0 < len(alike) < len(pairs), f"{case.name}: {len(alike)} of {len(pairs)} checked pairs are alike")
        require_same_labels(case.name, engine.result("labels", np.int64),
                            component_labels(alike[:, 0], alike[:, 1], len(items)))


def run(bench, case):
    """Checks every level, then times all levels and the peer by turns."""
    num_pairs = case.num_items * (case.num_items - 1) // 2
    sample = random_pairs(case.num_items, case.sample)
    with contextlib.ExitStack() as stack:
        workers = stack.enter_context(PairWorkers(case.score, case.threads, sample))
        for level in case.levels:
            check(bench, case, workers, level)
        if bench.quick:
            return
        arguments = case.save(np.arange(case.num_items))
        ours = {}
        for level in case.levels:
            engine = stack.enter_context(bench.engine(case.threads, level))
            engine.prepare("all", "comparison", sink=case.sink, threshold=case.threshold, **arguments)
            ours[level] = Side(engine)
            ours[level]()
        labels = [side.engine.result("all", np.int64) for side in ours.values()]
        for other in labels[1:]:
            require_same_labels(f"{case.name}, SIMD levels", other, labels[0])
        runs = take_turns(bench, {"peer": (len(sample), clock(workers.score_sample)),
                                  **{level: (num_pairs, side) for level, side in ours.items()}})
        for position, (level, side) in enumerate(ours.items()):
            simd = side.engine.ask("info")["simd"]
            bench.add_row(
                case.name if position == 0 else f"{case.name}@{level}", case.work, case.targets(simd), "pairs/s",
                runs[level], runs["peer"], case.peer_name, case.peer_version,
                f"{threads_note(case.threads)}; simd {simd}; peer timed on {len(sample)} random pairs, the rest "
                f"extrapolated; ours all pairs to components at {case.threshold}; {case.flags}; {side.note()}")
