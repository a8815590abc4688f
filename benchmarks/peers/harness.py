# SPDX-License-Identifier: Apache-2.0
"""What the cases share: the engine, comparing labels, peers that work pair by pair."""

import dataclasses
import multiprocessing
import pathlib
import sys
import time

import numpy as np

from engine import Engine

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from measuring import (REST_SECONDS, NotEqual, Runs, Skipped, Table, clock, require, take_turns,  # noqa: E402,F401
                       version)


@dataclasses.dataclass(kw_only=True)
class Bench(Table):
    """What every case is given."""

    program: pathlib.Path  # simile_bench_engine
    levels: list  # SIMD levels of this machine, best first
    place: str = "cpu"  # where our side runs: cpu, or cuda:0
    peer_place: str = "cpu"  # where torch runs; the same, but in a rehearsal with an emulated device

    def engine(self, threads=None, simd=None, place=None):
        return Engine(self.program, threads or self.threads, simd, place or self.place)


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


def canonical(labels):
    """Labels in which a component is named by its smallest item."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse]


def component_labels(left, right, num_items):
    """Components of the graph with these edges, by scipy."""
    import scipy.sparse
    from scipy.sparse.csgraph import connected_components
    edges = scipy.sparse.coo_matrix((np.ones(len(left), bool), (left, right)), (num_items, num_items))
    return connected_components(edges, directed=False)[1]


def require_same_labels(name, ours, peer):
    ours, peer = canonical(ours), canonical(peer)
    different = np.flatnonzero(ours != peer)
    require(len(different) == 0,
            f"{name}: {len(different)} of {len(ours)} labels differ, the first at item {different[:1]}")


def upper_pairs(num_items):
    return np.column_stack(np.triu_indices(num_items, 1))


def random_pairs(num_items, count):
    """Pairs of different items, with repeats, as (i, j) with i < j."""
    rng = np.random.default_rng(7)
    i = rng.integers(0, num_items, count)
    j = (i + rng.integers(1, num_items, count)) % num_items
    return [(int(low), int(high)) for low, high in zip(np.minimum(i, j), np.maximum(i, j))]


class PairWorkers:
    """A peer that scores one pair at a time, shared out over as many processes as our side has threads."""

    _score = None  # in the workers: the function of (i, j)
    _sample = None  # in the workers: the pairs that are timed

    def __init__(self, score, threads, sample):
        import cv2
        import threadpoolctl

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
