# SPDX-License-Identifier: Apache-2.0
"""Components of an edge list that lies on the device: against a plain CAS hook and flatten, and scipy on the host."""

import numpy as np
import torch

import gpu_inputs
from engine import EngineError, Side
from gpu_support import UnionFind, cupy, device_clock, rounds_for, versions
from harness import Skipped, component_labels, require_same_labels, take_turns


def components(bench):
    num_items, num_edges = bench.size(5_000_000, 2_000), bench.size(20_000_000, 1_500)
    source = gpu_inputs.generator(bench.peer_place, 1)
    edges = torch.randint(0, num_items, (num_edges, 2), generator=source, device=bench.peer_place)
    path = gpu_inputs.save(bench, "edges", edges)
    union = UnionFind(num_items)

    def hook_and_flatten():
        union.reset()
        union.add(edges)
        union.finish()
        if not cupy():
            union.labels()

    def on_the_host():
        pairs = edges.cpu().numpy()
        return component_labels(pairs[:, 0], pairs[:, 1], num_items)

    hook_and_flatten()
    with bench.engine() as engine:
        try:
            engine.prepare("all", "connected", file=path, items=num_items)
        except EngineError as reason:
            raise Skipped(f"components of an edge list: {reason}") from None
        engine.run("all")
        for peer, labels in (("scipy", on_the_host()), (union.name, union.labels())):
            require_same_labels(f"components, against {peer}", engine.result("all", np.int64), labels)
        if bench.quick:
            return
        ours, peer = Side(engine), device_clock(hook_and_flatten)
        host = device_clock(on_the_host)
        runs = take_turns(bench, {"ours": (num_edges, ours), "peer": (num_edges, peer)}, rounds_for(bench, ours, peer))
        slow = take_turns(bench, {"ours": (num_edges, ours), "host": (num_edges, host)}, rounds_for(bench, host))
        work = f"components of {num_edges} random edges of {num_items} items"
        for name, side, against, other in (("components", "peer", union.name, runs),
                                           ("components@scipy", "host", "scipy, with the copy to the host", slow)):
            bench.add_row(name, work, 2, "s", other["ours"], other[side], against, versions(),
                          "edges as pairs of int64; the peer's lie on the device and its labels stay there, ours come from the host and go back")
