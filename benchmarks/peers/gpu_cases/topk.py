# SPDX-License-Identifier: Apache-2.0
"""The 100 nearest of one query, the rows being on the device already: against a plain read of an array as large as the
screen's."""

import numpy as np
import torch

import gpu_inputs
from engine import Side
from gpu_support import device_clock, rounds_for, versions
from harness import require, take_turns

NEAREST = 100
DIMENSIONS = 768
ROWS = 2_000_000  # 3 GB as fp16: enough to leave every cache, little enough to come through a file


def _expected(rows, query):
    """The nearest by double precision, ties to the smaller index, with their scores."""
    lengths = torch.cat([part.double().norm(dim=1) for part in rows.split(gpu_inputs.CHUNK)])
    scores = torch.cat([part.double() @ query.double() for part in rows.split(gpu_inputs.CHUNK)])
    scores = (scores / lengths / query.double().norm()).cpu().numpy()
    best = np.argpartition(-scores, NEAREST + 20)[:NEAREST + 20]
    best = best[np.lexsort((best, -scores[best]))]
    return best, scores[best]


def topk(bench):
    num_items = bench.size(ROWS, 3_000)
    rows = gpu_inputs.random_directions(num_items, DIMENSIONS, bench.peer_place, seed=7)
    query = gpu_inputs.random_directions(1, DIMENSIONS, bench.peer_place, seed=8)
    arguments = {"file": gpu_inputs.save(bench, "rows", rows), "query": gpu_inputs.save(bench, "query", query),
                 "k": NEAREST}
    expected, scores = _expected(rows, query[0])
    with bench.engine() as engine:
        engine.prepare("all", "search", **arguments)
        engine.run("all")
        ours = engine.result("all", np.int64)[:NEAREST]
        unsure = np.flatnonzero(np.abs(np.diff(scores)) < 1e-14)  # the reference may order these either way
        sure = np.setdiff1d(np.arange(NEAREST), np.concatenate([unsure, unsure + 1]))
        require(np.array_equal(ours[sure], expected[sure]), "topk: ids differ from double precision")
        screen = rows.half()
        del rows
        if bench.quick:
            return
        words = screen.view(torch.float32)  # the same bytes, read in the way that torch does fastest
        read = device_clock(words.sum)
        side = Side(engine)
        runs = take_turns(bench, {"ours": (num_items, side), "read": (num_items, read)},
                          rounds_for(bench, side, read))
        bench.add_row("topk", f"top {NEAREST} of one query among {num_items} x {DIMENSIONS}; target: 1.15x the time of "
                      "the read", 1 / 1.15, "s", runs["ours"], runs["read"], "torch sum of the rows' bytes as fp16",
                      torch.__version__, f"{side.note()}; {versions()}")
