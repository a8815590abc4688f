# SPDX-License-Identifier: Apache-2.0
"""Cosine >= t to components: against the bare product of the panels, and against what people do with them."""

import numpy as np
import torch

import gpu_inputs
from engine import Side
from gpu_support import MOST_NONZERO, UnionFind, device_clock, rounds_for, versions
from harness import canonical, component_labels, require, require_same_labels, take_turns

DIMENSIONS = 512
THRESHOLD = 0.2  # reached by 3 of a million pairs of random directions in 512 dimensions
PANEL = 8192
PLANTED = (1e-7, -1e-7, 1e-12, -1e-12)  # distances from the threshold
# Cosines of two ways to add up in double differ by less: a pair this close may be decided either way by the reference.
REFERENCE_ERROR = 1e-14


def panels(rows, width, memory):
    """The trapezoid: every panel's scores with all rows from its own on, in memory that was taken once."""
    for start in range(0, len(rows), width):
        columns = rows[start:start + width]
        height = len(rows) - start
        out = memory[:height * len(columns)].view(height, len(columns))
        yield start, torch.mm(rows[start:], columns.T, out=out)


def _memory(rows, width):
    return torch.empty(len(rows) * min(width, len(rows)), dtype=rows.dtype, device=rows.device)


def bare(rows, memory):
    for _ in panels(rows, PANEL, memory):
        pass


def people(rows, width, memory, union):
    union.reset()
    for start, scores in panels(rows, width, memory):
        union.add((scores >= THRESHOLD).nonzero() + start)
    union.finish()


def reference_edges(rows, block=4096, width=65_536):
    """Pairs i < j by double-precision products, as int64 [m, 2] in order, and those that it cannot decide."""
    lengths = torch.cat([part.double().norm(dim=1) for part in rows.split(width)])
    found, doubtful = [], []
    for start in range(0, len(rows), block):
        left = rows[start:start + block].double() / lengths[start:start + block, None]
        for first in range(start, len(rows), width):
            right = rows[first:first + width].double() / lengths[first:first + width, None]
            scores = left @ right.T
            for keep, mask in ((found, scores >= THRESHOLD), (doubtful, (scores - THRESHOLD).abs() <= REFERENCE_ERROR)):
                pairs = mask.nonzero() + torch.tensor([start, first], device=rows.device)
                keep.append(pairs[pairs[:, 0] < pairs[:, 1]].cpu().numpy())
    return [pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))] for pairs in map(np.concatenate, (found, doubtful))]


def _require_same_decisions(name, ours, reference, doubtful, num_items):
    ours, reference, doubtful = (pairs[:, 0] * num_items + pairs[:, 1] for pairs in (ours, reference, doubtful))
    different = np.setdiff1d(np.setxor1d(ours, reference), doubtful)
    require(len(different) == 0, f"{name}: {len(different)} of {len(reference)} decisions differ from double precision, "
            f"the first for the pair {[divmod(int(pair), num_items) for pair in different[:1]]}")


def _cosine(bench, name, full):
    num_items = bench.size(full, 3_000)
    rows = gpu_inputs.random_directions(num_items, DIMENSIONS, bench.peer_place, seed=1)
    planted = gpu_inputs.plant_pairs(rows, THRESHOLD, PLANTED, seed=2)
    arguments = {"method": "embedding", "file": gpu_inputs.save(bench, "cosine", rows), "threshold": THRESHOLD}
    reference, doubtful = reference_edges(rows)
    labels = canonical(component_labels(reference[:, 0], reference[:, 1], num_items))
    with bench.engine() as engine:
        engine.prepare("edges", "comparison", sink="edges", **arguments)
        engine.run("edges")
        edges = engine.result("edges", np.int64).reshape(-1, 2)
        _require_same_decisions(name, edges, reference, doubtful, num_items)
        require(len(reference) > 0, f"{name}: no pair reaches the threshold")
        engine.ask("drop", name="edges")
        engine.prepare("all", "comparison", sink="components", **arguments)
        engine.run("all")
        if not len(doubtful):
            require_same_labels(name, engine.result("all", np.int64), labels)
        _measure(bench, name, engine, rows, labels, planted,
                 f"0 of {len(reference)} decisions differ from double precision, {planted} pairs planted at the "
                 f"threshold +-1e-7 and +-1e-12, {len(doubtful)} beyond the reference's own rounding")


def _measure(bench, name, engine, rows, labels, planted, exactness):
    pairs = len(rows) * (len(rows) - 1) // 2
    half, union = rows.half(), UnionFind(len(rows))
    width = min(PANEL, MOST_NONZERO // len(rows))
    ours = Side(engine)
    memory = _memory(half, PANEL)
    sides = {"bare": (pairs, device_clock(lambda: bare(half, memory)))}
    changed = {}
    for key, typed, own in (("fp16", half, memory), ("fp32", rows, _memory(rows, width))):
        run = device_clock(lambda typed=typed, own=own: people(typed, width, own, union))
        run()
        changed[key] = int((canonical(union.labels()) != labels).sum())
        sides[key] = (pairs, run)
    # Single precision decides the planted pairs as it likes; more than them it may not get wrong.
    require(changed["fp32"] <= 2 * planted + len(rows) / 100, f"{name}: {changed['fp32']} labels differ from torch fp32")
    if bench.quick:
        return
    rounds = rounds_for(bench, ours, *(run for _, run in sides.values()))
    runs = take_turns(bench, {"ours": (pairs, ours), **sides}, rounds)
    work = f"cosine >= {THRESHOLD} to components, {len(rows)} x {DIMENSIONS} random directions"
    note = f"{exactness}; {ours.note()}; {versions()}"
    bench.add_row(name, f"{work}; target: 1.25x the time of the bare product", 0.8, "s", runs["ours"], runs["bare"],
                  f"torch fp16 product of the trapezoid in panels of {PANEL}, nothing else", torch.__version__, note)
    for key, target in (("fp32", 5), ("fp16", 2.5)):
        bench.add_row(f"{name}@{key}", work, target, "s", runs["ours"], runs[key],
                      f"torch {key} panels of {width} + nonzero + {union.name}", torch.__version__,
                      f"the peer gives {changed[key]} items another label than double precision does; {note}")


def cosine_100k(bench):
    _cosine(bench, "cosine_100k", 100_000)


def cosine_1m(bench):
    _cosine(bench, "cosine_1m", 1_000_000)
