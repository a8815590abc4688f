# SPDX-License-Identifier: Apache-2.0
"""Cosine >= t to components, against the fastest of numpy + scipy, faiss and scikit-learn."""

import contextlib

import faiss
import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.neighbors import radius_neighbors_graph
from scipy.sparse.csgraph import connected_components

import inputs
from engine import Side
from harness import against_fastest, clock, component_labels, require_same_labels, version

THRESHOLD = 0.9
TARGETS = {"amx": 8, "vnni": 4}


def numpy_blocks(rows, block):
    """The upper triangle of the product, block row by block row, into memory that is taken once."""
    num_items = len(rows)
    memory = np.empty(block * num_items, np.float32)
    left, right = [], []
    for start in range(0, num_items, block):
        height, width = min(block, num_items - start), num_items - start
        scores = memory[:height * width].reshape(height, width)
        np.matmul(rows[start:start + height], rows[start:].T, out=scores)
        i, j = np.divmod(np.flatnonzero(scores.ravel() >= THRESHOLD), width)
        left.append(i + start)
        right.append(j + start)
    return component_labels(np.concatenate(left), np.concatenate(right), num_items)


def faiss_range(index, rows):
    limits, _, found = index.range_search(rows, THRESHOLD)
    return component_labels(np.repeat(np.arange(len(rows)), np.diff(limits.astype(np.int64))), found, len(rows))


def sklearn_graph(rows, threads):
    graph = radius_neighbors_graph(rows, 1 - THRESHOLD, metric="cosine", include_self=False, n_jobs=threads)
    return connected_components(graph, directed=False)[1]


def sklearn_dbscan(rows, threads):
    return DBSCAN(eps=1 - THRESHOLD, min_samples=1, metric="cosine", n_jobs=threads).fit(rows).labels_


def peers(rows, threads):
    """name -> (package, function giving labels)."""
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    found = {f"numpy blocks of {block} rows + scipy": ("numpy", lambda block=block: numpy_blocks(rows, block))
             for block in (250, 400, 500, 1000)}
    found["faiss range_search + scipy"] = ("faiss-cpu", lambda: faiss_range(index, rows))
    found["scikit-learn radius_neighbors_graph + scipy"] = ("scikit-learn", lambda: sklearn_graph(rows, threads))
    found["scikit-learn DBSCAN"] = ("scikit-learn", lambda: sklearn_dbscan(rows, threads))
    return found


def cosine(bench):
    rows = inputs.keep_clear_of(inputs.embeddings(bench.size(10_000, 1_500), 512, seed=1), THRESHOLD, 1e-5, seed=2)
    path = bench.folder / "cosine.npy"
    np.save(path, rows)
    candidates = peers(rows, bench.threads)
    levels = [level for level in bench.levels if level != "portable"] or ["portable"]
    with contextlib.ExitStack() as stack:
        engines = {level: stack.enter_context(bench.engine(simd=level)) for level in levels}
        for level, engine in engines.items():
            engine.prepare("all", "comparison", method="embedding", file=path, sink="components", threshold=THRESHOLD)
            engine.run("all")
            ours = engine.result("all", np.int64)
            for name, (_, run) in candidates.items():
                require_same_labels(f"cosine, {level} against {name}", ours, run())
        if not bench.quick:
            measure(bench, candidates, engines, len(rows))


def measure(bench, candidates, engines, num_items):
    pairs = num_items * (num_items - 1) // 2
    ours = {level: Side(engine) for level, engine in engines.items()}
    runs, best, others = against_fastest(
        bench, {name: (pairs, clock(run)) for name, (_, run) in candidates.items()},
        {level: (pairs, side) for level, side in ours.items()})
    for position, level in enumerate(engines):
        name = "cosine" if position == 0 else f"cosine@{level}"
        package = candidates[best][0]
        versions = version(package) if package != "numpy" else f"{version('numpy')} + scipy {version('scipy')}"
        bench.add_row(
            name, f"cosine >= {THRESHOLD} to components, {num_items} x 512", TARGETS.get(level, 3), "s", runs[level],
            runs[best], best, versions,
            f"{bench.threads} threads a side; simd {level}; no pair within 1e-5 of the threshold; rows of length 1 "
            f"given to both, faiss's index and our metric prepared; {ours[level].note()}; {others}")
