# SPDX-License-Identifier: Apache-2.0
"""What the device does at most: copying, reading, and matrix products as torch's library makes them."""

import statistics

import torch

from gpu_support import device_clock, versions

RUNS = 10


def _median(function):
    run = device_clock(function)
    run()
    return statistics.median(run() for _ in range(RUNS))


def _product(bench, side, dtype):
    """A function that multiplies two random square matrices, or a reason why there is none."""
    place = bench.peer_place
    if dtype == torch.int8:
        left, right = (torch.randint(-128, 128, (side, side), dtype=dtype, device=place) for _ in range(2))
        return lambda: torch._int_mm(left, right)
    left, right = (torch.randn(side, side, device=place).to(dtype) for _ in range(2))
    out = torch.empty(side, side, dtype=dtype, device=place)
    return lambda: torch.mm(left, right, out=out)


def ceiling(bench):
    side, num_bytes = bench.size(8192, 256), bench.size(4 << 30, 1 << 20)
    source = torch.zeros(num_bytes // 4, device=bench.peer_place)
    target = torch.empty_like(source)
    measured = [("copy", f"copy of {num_bytes} bytes, read and written bytes counted", "GB/s",
                 2 * num_bytes / _median(lambda: target.copy_(source)) / 1e9, "torch copy_"),
                ("read", f"sum of {num_bytes} bytes of float32", "GB/s",
                 num_bytes / _median(source.sum) / 1e9, "torch sum")]
    del source, target
    for name, dtype, tf32 in (("fp16", torch.float16, False), ("bf16", torch.bfloat16, False),
                              ("tf32", torch.float32, True), ("fp32", torch.float32, False),
                              ("fp64", torch.float64, False), ("int8", torch.int8, False)):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        try:
            rate = 2 * side**3 / _median(_product(bench, side, dtype)) / 1e12
        finally:
            torch.backends.cuda.matmul.allow_tf32 = False
        measured.append((name, f"{name} matrix product, {side} cubed, random values",
                         "TOP/s" if dtype == torch.int8 else "TFLOP/s", rate,
                         "torch _int_mm" if dtype == torch.int8 else "torch mm"))
    if bench.quick:
        return
    for name, work, unit, value, peer_name in measured:
        bench.add_ceiling(f"ceiling@{name}", work, unit, value, peer_name, torch.__version__,
                          f"median of {RUNS}; {versions()}")
