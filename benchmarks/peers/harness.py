# SPDX-License-Identifier: Apache-2.0
"""What the cases share: turns, medians, rows of the table, comparing labels, peers that work pair by pair."""

import dataclasses
import importlib.metadata
import multiprocessing
import pathlib
import statistics
import time

import cv2
import numpy as np
import scipy.sparse
import threadpoolctl
from scipy.sparse.csgraph import connected_components

from engine import Engine

# Libraries let their threads spin for some milliseconds after a call; nobody is timed while another's still do.
REST_SECONDS = 0.15


class NotEqual(AssertionError):
    """Two programs that should agree do not."""


class Skipped(Exception):
    """A row cannot be measured here; the reason is for people."""


@dataclasses.dataclass
class Bench:
    """What every case is given."""

    program: pathlib.Path  # simile_bench_engine
    folder: pathlib.Path  # for inputs; goes away at the end
    threads: int
    rounds: int  # of a measurement, one of each side
    quick: bool  # tiny inputs, equality only
    photos: pathlib.Path | None
    levels: list  # SIMD levels of this machine, best first
    device: str = ""
    commit: str = ""
    rows: list = dataclasses.field(default_factory=list)

    def engine(self, threads=None, simd=None):
        return Engine(self.program, threads or self.threads, simd)

    def size(self, full, quick):
        return quick if self.quick else full

    def add_row(self, name, work, target, unit, ours, peer, peer_name, peer_version, flags):
        """`ours` and `peer`: their Runs; `unit`: "s", or a rate of what they count."""
        values = [side.seconds if unit == "s" else [side.count / s for s in side.seconds] for side in (ours, peer)]
        medians = [statistics.median(side) for side in values]
        ratio = medians[1] / medians[0] if unit == "s" else medians[0] / medians[1]
        spread = "; ".join(
            f"{who} {min(side):.4g}..{max(side):.4g} {unit}" for who, side in zip(("ours", "peer"), values))
        self.rows.append({
            "id": name, "work": work, "ours": medians[0], "peer": medians[1], "peer_name": peer_name,
            "peer_version": peer_version, "unit": unit, "ratio": ratio, "target": target, "device": self.device,
            "flags": f"{flags}; {len(ours.seconds)} rounds, interleaved, medians; spread: {spread}",
            "commit": self.commit,
        })


@dataclasses.dataclass
class Runs:
    """The timed runs of one side."""

    count: int  # pairs or images of one run
    seconds: list = dataclasses.field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.seconds)


def take_turns(bench, sides):
    """Runs every side once a round, in alternating order; `sides`: name -> (count, function giving the seconds)."""
    runs = {name: Runs(count) for name, (count, _) in sides.items()}
    names = list(sides)
    for turn in range(-1, bench.rounds):  # the first round warms up
        for name in names if turn % 2 == 0 else names[::-1]:
            time.sleep(REST_SECONDS)
            seconds = sides[name][1]()
            if turn >= 0:
                runs[name].seconds.append(seconds)
    return runs


def clock(function):
    """A function that gives the seconds that `function` took, by the wall."""
    def timed():
        start = time.perf_counter()
        function()
        return time.perf_counter() - start
    return timed


def against_fastest(bench, peers, ours, tries=4):
    """Tries every peer, then takes turns between ours and the peers within a quarter of the fastest. Gives the runs,
    the name of the fastest peer, and what the others took. `peers` and `ours` as for take_turns."""
    found = {}
    for name, (_, run) in peers.items():
        found[name] = min(run() for _ in range(tries))
        time.sleep(REST_SECONDS)
    near = [name for name, seconds in found.items() if seconds <= 1.25 * min(found.values())]
    runs = take_turns(bench, {name: peers[name] for name in near} | ours)
    found |= {name: runs[name].median for name in near}
    best = min(near, key=found.get)
    others = ", ".join(f"{name} {seconds:.3g} s" for name, seconds in found.items() if name != best)
    return runs, best, f"other ways: {others}"


def version(package):
    return importlib.metadata.version(package)


def canonical(labels):
    """Labels in which a component is named by its smallest item."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse]


def component_labels(left, right, num_items):
    """Components of the graph with these edges, by scipy."""
    edges = scipy.sparse.coo_matrix((np.ones(len(left), bool), (left, right)), (num_items, num_items))
    return connected_components(edges, directed=False)[1]


def require(condition, message):
    if not condition:
        raise NotEqual(message)


def require_same_labels(name, ours, peer):
    ours, peer = canonical(ours), canonical(peer)
    different = np.flatnonzero(ours != peer)
    require(len(different) == 0,
            f"{name}: {len(different)} of {len(ours)} labels differ, the first at item {different[:1]}")


class PairWorkers:
    """A peer that scores one pair at a time, shared out over as many processes as our side has threads."""

    _score = None  # in the workers: the function of (i, j)
    _sample = None  # in the workers: the pairs that are timed

    def __init__(self, score, threads, sample):
        def begin():
            cv2.setNumThreads(1)
            threadpoolctl.threadpool_limits(1)
            PairWorkers._score, PairWorkers._sample = score, sample
        self._threads = threads
        self._pool = multiprocessing.get_context("fork").Pool(threads, begin) if threads > 1 else None
        if not self._pool:
            begin()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._pool:
            self._pool.terminate()
            self._pool.join()

    @staticmethod
    def _scores(pairs):
        return [PairWorkers._score(i, j) for i, j in pairs]

    @staticmethod
    def _score_share(share):
        for i, j in PairWorkers._sample[share]:
            PairWorkers._score(i, j)

    def scores(self, pairs):
        return np.array(self._pool.apply(self._scores, (pairs,)) if self._pool else self._scores(pairs))

    def score_sample(self):
        """Scores the sample once; the pairs are in the workers already, and the scores stay there."""
        shares = [slice(k, None, self._threads) for k in range(self._threads)]
        if self._pool:
            self._pool.map(self._score_share, shares, chunksize=1)
        else:
            self._score_share(shares[0])
