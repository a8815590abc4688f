# SPDX-License-Identifier: Apache-2.0
"""Hamming <= r to components, against a popcount kernel in cupy that looks at every bit of every pair."""

import numpy as np

import gpu_inputs
from engine import Side
from gpu_support import UNION_FIND, cupy, device_clock, rounds_for, versions
from harness import Skipped, require, require_same_labels, take_turns

TILE = 128
SAMPLE_SECONDS = 1.5  # of one timed run of the peer
CHECKED = 20_000  # codes whose labels are compared with the CPU's

# 128 x 128 pairs a block, 8 x 8 a thread, eight words of the codes at a time in shared memory.
KERNEL = UNION_FIND + r"""
extern "C" __global__ __launch_bounds__(256) void pairs_within(const unsigned* codes, int num_words, int num_items,
                                                               int radius, int* parents) {
  __shared__ unsigned left[8][129], right[8][129];
  const long long tile = blockIdx.x;
  long long column = (long long)((sqrt(8.0 * tile + 1.0) - 1.0) / 2.0);
  while (column * (column + 1) / 2 > tile) --column;
  while ((column + 1) * (column + 2) / 2 <= tile) ++column;
  const int row0 = (int)(tile - column * (column + 1) / 2) * 128, column0 = (int)column * 128;
  const int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
  int distance[8][8] = {};
  for (int word0 = 0; word0 < num_words; word0 += 8) {
    for (int k = threadIdx.x; k < 1024; k += 256) {
      const int item = k / 8, word = word0 + k % 8;
      left[k % 8][item] = row0 + item < num_items && word < num_words
          ? codes[(long long)(row0 + item) * num_words + word] : 0;
      right[k % 8][item] = column0 + item < num_items && word < num_words
          ? codes[(long long)(column0 + item) * num_words + word] : 0;
    }
    __syncthreads();
    for (int word = 0; word < 8; ++word) {
      unsigned a[8], b[8];
#pragma unroll
      for (int k = 0; k < 8; ++k) { a[k] = left[word][ty + 16 * k]; b[k] = right[word][tx + 16 * k]; }
#pragma unroll
      for (int i = 0; i < 8; ++i) {
#pragma unroll
        for (int j = 0; j < 8; ++j) distance[i][j] += __popc(a[i] ^ b[j]);
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 8; ++i) {
#pragma unroll
    for (int j = 0; j < 8; ++j) {
      const int row = row0 + ty + 16 * i, other = column0 + tx + 16 * j;
      if (row < other && other < num_items && distance[i][j] <= radius) unite(parents, row, other);
    }
  }
}
"""


class Peer:
    """All pairs of some codes to components, or the first tiles of them."""

    def __init__(self, module, codes, radius):
        self._module, self._radius = module, radius
        compiled = module.RawModule(code=KERNEL)
        self._kernel, self._flatten = compiled.get_function("pairs_within"), compiled.get_function("flatten")
        self._codes = module.asarray(codes).view(module.uint32)
        rows = -(-len(codes) // TILE)
        self.tiles = rows * (rows + 1) // 2
        self.share = 1.0

    def __call__(self):
        num_items, num_words = self._codes.shape
        tiles = max(1, int(self.tiles * self.share))
        self.parents = self._module.arange(num_items, dtype=self._module.int32)
        self._kernel((tiles,), (256,), (self._codes, np.int32(num_words), np.int32(num_items), np.int32(self._radius),
                                        self.parents))
        self._flatten((-(-num_items // 256),), (256,), (self.parents, np.int32(num_items)))

    def labels(self):
        return self.parents.get().astype(np.int64)


def _hamming(bench, bits, radius):
    num_items, name = bench.size(1_000_000, 3_000), f"hamming{bits}"
    codes = gpu_inputs.hashes(num_items, bits, radius, bench.peer_place, seed=bits)
    arguments = {"method": "hash", "bits": bits, "file": gpu_inputs.save(bench, name, codes),
                 "threshold": (bits - radius) / bits}
    with bench.engine() as engine:
        few = min(num_items, CHECKED)
        with bench.engine(place="cpu") as on_cpu:
            for one in (engine, on_cpu):
                one.prepare("few", "comparison", sink="components", items=few, **arguments)
                one.run("few")
            require_same_labels(f"{name}, against the CPU",
                                *(one.result("few", np.int64) for one in (engine, on_cpu)))
        module = cupy()
        if module:
            peer = Peer(module, codes[:few], radius)
            peer()
            require_same_labels(f"{name}, against cupy", engine.result("few", np.int64), peer.labels())
        if bench.quick:
            return
        if not module:
            raise Skipped("cupy is not here; ours gives the CPU's labels, nothing was timed")
        _measure(bench, name, engine, Peer(module, codes, radius), arguments, num_items,
                 f"Hamming <= {radius} to components, {num_items} codes of {bits} bits")


def _measure(bench, name, engine, peer, arguments, num_items, work):
    pairs = num_items * (num_items - 1) // 2
    run = device_clock(peer)
    peer.share = 0.01
    run()
    peer.share = min(1.0, 0.01 * SAMPLE_SECONDS / run())
    engine.prepare("all", "comparison", sink="components", **arguments)
    engine.prepare("dense", "comparison", sink="histogram", **arguments)
    ours = {key: Side(engine, key) for key in ("all", "dense")}
    rounds = rounds_for(bench, run, *ours.values())
    runs = take_turns(bench, {"peer": (pairs * peer.share, run), **{key: (pairs, side) for key, side in ours.items()}},
                      rounds)
    histogram = engine.result("dense", np.int64)
    require(histogram.sum() == pairs, f"{name}: the histogram has lost pairs")
    peer_name = "a popcount kernel in cupy, 128 x 128 pairs a block, without rejection"
    note = f"peer timed on {peer.share:.3g} of its tiles, the rest extrapolated; {versions()}"
    bench.add_row(name, work, 4, "pairs/s", runs["all"], runs["peer"], peer_name, versions(),
                  f"{note}; {ours['all'].note()}")
    bench.add_row(f"{name}@no_rejection", work, 3, "pairs/s", runs["dense"], runs["peer"], peer_name, versions(),
                  f"ours counts every pair by similarity, none rejected by a part of its bits; {note}")


def hamming256(bench):
    _hamming(bench, 256, 20)


def hamming4096(bench):
    _hamming(bench, 4096, 32)
