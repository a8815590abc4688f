# SPDX-License-Identifier: Apache-2.0
"""What the GPU cases share: timing device work, and what people write with torch and cupy."""

import importlib.metadata

import numpy as np
import torch

from harness import clock, component_labels

# Most elements that torch's nonzero() takes.
MOST_NONZERO = 2**31 - 1
# Seconds that one side of a row may take in all; slow sides get fewer rounds.
SIDE_SECONDS = 12

UNION_FIND = r"""
__device__ int root_of(const int* parents, int item) {
  int parent = ((volatile const int*)parents)[item];
  while (parent != item) {
    item = parent;
    parent = ((volatile const int*)parents)[item];
  }
  return item;
}

__device__ void unite(int* parents, int left, int right) {
  while (true) {
    left = root_of(parents, left);
    right = root_of(parents, right);
    if (left == right) return;
    if (left < right) { const int other = left; left = right; right = other; }
    if (atomicCAS(parents + left, left, right) == left) return;
  }
}

extern "C" __global__ void hook(const long long* edges, long long num_edges, int* parents) {
  const long long stride = (long long)gridDim.x * blockDim.x;
  for (long long k = (long long)blockIdx.x * blockDim.x + threadIdx.x; k < num_edges; k += stride) {
    unite(parents, (int)edges[2 * k], (int)edges[2 * k + 1]);
  }
}

extern "C" __global__ void flatten(int* parents, int num_items) {
  const int item = blockIdx.x * blockDim.x + threadIdx.x;
  if (item < num_items) parents[item] = root_of(parents, item);
}
"""


def cupy():
    """The module, or None where it is not installed or has no device."""
    if not torch.cuda.is_available():
        return None
    try:
        import cupy as module
        return module
    except ImportError:
        return None


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def device_clock(function):
    """A function that gives the seconds that `function` took, until the device has nothing left to do."""
    def whole():
        function()
        synchronize()
    timed = clock(whole)

    def run():
        synchronize()
        return timed()
    return run


def rounds_for(bench, *sides):
    """Runs every side once, to warm up; gives how many rounds they can have within SIDE_SECONDS."""
    slowest = max(side() for side in sides)
    return max(1, min(bench.rounds, int(SIDE_SECONDS / max(slowest, 1e-9))))


class UnionFind:
    """Components of edges that come in parts: a plain CAS hook and flatten in cupy; where cupy is missing, scipy on the
    host, the copy included."""

    def __init__(self, num_items):
        self._num_items, self._cupy = num_items, cupy()
        self.name = "cupy RawKernel union-find" if self._cupy else "scipy components on the host"
        if self._cupy:
            module = self._cupy.RawModule(code=UNION_FIND)
            self._hook, self._flatten = module.get_function("hook"), module.get_function("flatten")
        self.reset()

    def reset(self):
        if self._cupy:
            self.parents = self._cupy.arange(self._num_items, dtype=self._cupy.int32)
        else:
            self._parts = []

    def add(self, edges):
        """`edges`: int64 tensor [m, 2]."""
        if not len(edges):
            return
        if self._cupy:
            self._hook((min(65_535, -(-len(edges) // 256)),), (256,),
                       (self._cupy.asarray(edges.contiguous()), np.int64(len(edges)), self.parents))
        else:
            self._parts.append(edges.cpu().numpy())

    def finish(self):
        if self._cupy:
            self._flatten((-(-self._num_items // 256),), (256,), (self.parents, np.int32(self._num_items)))

    def labels(self):
        """After finish()."""
        if self._cupy:
            return self.parents.get().astype(np.int64)
        edges = np.concatenate(self._parts) if self._parts else np.empty((0, 2), np.int64)
        return component_labels(edges[:, 0], edges[:, 1], self._num_items)


def versions():
    """Of everything that a peer may be made of."""
    found = [f"torch {torch.__version__}"]
    for module, packages in {"cupy": ("cupy-cuda13x", "cupy-cuda12x", "cupy"), "scikit-image": ("scikit-image",),
                             "scipy": ("scipy",)}.items():
        for package in packages:
            try:
                found.append(f"{module} {importlib.metadata.version(package)}")
                break
            except importlib.metadata.PackageNotFoundError:
                continue
    return ", ".join(found)
