# SPDX-License-Identifier: Apache-2.0
"""The 100 nearest of one query among a million vectors, against faiss IndexFlatIP."""

import faiss
import numpy as np

import inputs
from engine import Side
from harness import against_fastest, clock, require, version

NEAREST = 100
DIMENSIONS = 512
CHUNK = 5_000


def _write_vectors(path, num_items, index_parts, whole):
    """Writes the vectors chunk by chunk and adds each to the index of its part and to the whole one."""
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (num_items, DIMENSIONS))
    share = -(-num_items // len(index_parts))
    for start in range(0, num_items, CHUNK):
        stop = min(start + CHUNK, num_items)
        chunk = inputs.embeddings(stop - start, DIMENSIONS, seed=100 + start)
        rows[start:stop] = chunk
        whole.add(chunk)
        for part, index in enumerate(index_parts):
            low, high = max(start, part * share), min(stop, (part + 1) * share)
            if low < high:
                index.add(chunk[low - start:high - start])
    rows.flush()
    return np.load(path, mmap_mode="r")


def _require_same_nearest(ours, peer, rows, query):
    """The same ids, but for those within 1e-5 of the last one's score; descending by exact score."""
    def scores(ids):
        return rows[ids].astype(np.float64) @ query.astype(np.float64)
    border = scores(ours).min()
    odd = np.setxor1d(ours, peer)
    require(len(np.unique(ours)) == len(ours) and np.all(np.abs(scores(odd) - border) <= 1e-5),
            f"topk: {len(odd)} ids differ from faiss beyond ties")
    require(np.all(np.diff(scores(ours)) <= 1e-12), "topk: not in descending order")


def _searches(threads, parts, whole):
    """name -> function giving the ids. A plain index gives a single query to one thread, hence also one with shards."""
    sharded = faiss.IndexShards(DIMENSIONS, True, True)
    for part in parts:
        sharded.add_shard(part)

    def alone(query):
        faiss.omp_set_num_threads(1)
        found = whole.search(query, NEAREST)[1][0]
        faiss.omp_set_num_threads(threads)
        return found
    return {"faiss IndexFlatIP": lambda query: whole.search(query, NEAREST)[1][0],
            "faiss IndexFlatIP, 1 thread": alone,
            f"faiss IndexShards of {threads} IndexFlatIP": lambda query: sharded.search(query, NEAREST)[1][0]}


def _numpy_search(whole, query):
    """The same by a matrix product: no index of faiss, so only noted beside the row."""
    rows = faiss.rev_swig_ptr(whole.get_xb(), whole.ntotal * DIMENSIONS).reshape(whole.ntotal, DIMENSIONS)
    scores = rows @ query[0]
    best = np.argpartition(-scores, NEAREST)[:NEAREST]
    return best[np.argsort(-scores[best])]


def _query():
    query = inputs.embeddings(CHUNK, DIMENSIONS, seed=100)[:1]
    query = query + 0.2 / np.sqrt(DIMENSIONS) * np.random.default_rng(6).standard_normal(query.shape)
    return (query / np.linalg.norm(query)).astype(np.float32)


def topk(bench):
    num_items = bench.size(1_000_000, 5_000)
    parts = [faiss.IndexFlatIP(DIMENSIONS) for _ in range(bench.threads)]
    whole = faiss.IndexFlatIP(DIMENSIONS)
    path, query_path = bench.folder / "topk.npy", bench.folder / "query.npy"
    rows = _write_vectors(path, num_items, parts, whole)
    searches = _searches(bench.threads, parts, whole)
    query = _query()
    np.save(query_path, query)
    with bench.engine() as engine:
        engine.prepare("all", "search", file=path, query=query_path, k=NEAREST)
        engine.run("all")
        ours = engine.result("all", np.int64)[:NEAREST]
        for search in (*searches.values(), lambda query: _numpy_search(whole, query)):
            _require_same_nearest(ours, search(query), rows, query[0])
        if bench.quick:
            return
        peers = {name: (num_items, clock(lambda search=search: search(query))) for name, search in searches.items()}
        side = Side(engine)
        runs, best, others = against_fastest(bench, peers, {
            "ours": (num_items, side), "numpy": (num_items, clock(lambda: _numpy_search(whole, query)))})
        bench.add_row(
            "topk", f"top {NEAREST} of one query among {num_items} x {DIMENSIONS}", 2, "s", runs["ours"], runs[best],
            best, version("faiss-cpu"),
            f"{bench.threads} threads a side; simd {engine.ask('info')['simd']}; faiss's index and our metric "
            "prepared; "
            f"{side.note()}; {others}, numpy product + argpartition {runs['numpy'].median:.3g} s")
