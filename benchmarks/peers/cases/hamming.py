# SPDX-License-Identifier: Apache-2.0
"""Hamming <= r to components, against faiss IndexBinaryFlat.range_search + scipy."""

import faiss
import numpy as np

import inputs
from engine import Side
from harness import clock, component_labels, require_same_labels, take_turns, version


def _hamming(bench, bits, radius):
    codes = inputs.hashes(bench.size(100_000, 3_000), bits, radius, seed=bits)
    name = f"hamming{bits}"
    path = bench.folder / f"{name}.npy"
    np.save(path, codes)
    index = faiss.IndexBinaryFlat(bits)
    index.add(codes)

    def peer():
        limits, _, found = index.range_search(codes, radius + 1)  # faiss keeps distances below the radius
        return component_labels(np.repeat(np.arange(len(codes)), np.diff(limits.astype(np.int64))), found, len(codes))

    with bench.engine() as engine:
        engine.prepare("all", "comparison", method="hash", bits=bits, file=path, sink="components",
                       threshold=(bits - radius) / bits)
        engine.run("all")
        require_same_labels(name, engine.result("all", np.int64), peer())
        if bench.quick:
            return
        pairs = len(codes) * (len(codes) - 1) // 2
        ours = Side(engine)
        runs = take_turns(bench, {"ours": (pairs, ours), "peer": (pairs, clock(peer))})
        bench.add_row(
            name, f"Hamming <= {radius} to components, {len(codes)} codes of {bits} bits", 20, "s", runs["ours"],
            runs["peer"], "faiss IndexBinaryFlat.range_search + scipy", version("faiss-cpu"),
            f"{bench.threads} threads a side; simd {engine.ask('info')['simd']}; faiss's index and our metric "
            "prepared; "
            f"{ours.note()}")


def hamming64(bench):
    _hamming(bench, 64, 5)


def hamming256(bench):
    _hamming(bench, 256, 20)
