# SPDX-License-Identifier: Apache-2.0
"""SSIM 7x7: without pruning against torch, one image against all; and early exit against our own dense run."""

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

import gpu_inputs
from engine import Side
from gpu_support import device_clock, rounds_for, versions
from harness import require, require_same_labels, take_turns

WINDOW = 7
C1, C2 = (0.01 * 255)**2, (0.03 * 255)**2
SAMPLE_COVARIANCE = WINDOW**2 / (WINDOW**2 - 1)
EXIT_THRESHOLD = 0.8
CHECKED = 40  # images whose pairs are all compared with the definition
# The plain form in single precision subtracts nearly equal numbers on flat windows.
PEER_TOLERANCE = 5e-3


def definition(one, other):
    """Mean SSIM of two uint8 images in double precision, as scikit-image defines it with data_range 255."""
    try:
        from skimage.metrics import structural_similarity
        return structural_similarity(one, other, data_range=255)
    except ImportError:
        x, y = (np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), (WINDOW, WINDOW))
                for image in (one, other))
        mx, my = x.mean((2, 3)), y.mean((2, 3))
        vx, vy, cov = (SAMPLE_COVARIANCE * ((a * b).mean((2, 3)) - ma * mb)
                       for a, b, ma, mb in ((x, x, mx, mx), (y, y, my, my), (x, y, mx, my)))
        return ((2 * mx * my + C1) * (2 * cov + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2))).mean()


def maps(images):
    """What torch users keep of all images: values, means and variances of windows, float32 [n, 1, h, w]."""
    values = images[:, None].float()
    means = avg_pool2d(values, WINDOW, 1)
    return values, means, SAMPLE_COVARIANCE * (avg_pool2d(values * values, WINDOW, 1) - means * means)


def row_against(values, means, variances, one, mean, variance):
    """SSIM of one image with many."""
    product = mean * means
    covariance = SAMPLE_COVARIANCE * (avg_pool2d(values * one, WINDOW, 1) - product)
    return ((2 * product + C1) * (2 * covariance + C2)
            / ((mean * mean + means * means + C1) * (variance + variances + C2))).mean((1, 2, 3))


class Rows:
    """Some images against all, as many at a time as make every call alike."""

    def __init__(self, images, num_rows):
        chunk = min(len(images), max(1, 2**27 // images.shape[-1]**2))
        self._parts = [maps(part) for part in images.split(chunk) if len(part) == chunk]
        self._own = [maps(images[row:row + 1]) for row in np.linspace(0, len(images) - 1, num_rows).astype(int)]
        self.pairs = num_rows * chunk * len(self._parts)

    def run(self, function):
        for values, means, variances in self._parts:
            for own in self._own:
                function(values, means, variances, *own)


def _patches(images):
    """Windows as rows of a matrix per position: float32 [positions, n, 49]."""
    return torch.nn.functional.unfold(images[:, None].float(), WINDOW).permute(2, 0, 1).contiguous()


class Products:
    """All pairs of two blocks of images, a batch of products over window positions: exact in tf32, as pixels have 8
    bits and sums stay below 2^24."""

    def __init__(self, images, block):
        self._left = images[:block]
        self._right = images[-block:]
        self.pairs = len(self._left) * len(self._right)

    def __call__(self):
        torch.backends.cuda.matmul.allow_tf32 = True
        try:
            return self._scores()
        finally:
            torch.backends.cuda.matmul.allow_tf32 = False

    def _scores(self):
        side = self._left.shape[-1]
        rows = max(1, 2**26 // (self.pairs * side))  # of windows at once
        total = torch.zeros(len(self._left), len(self._right), device=self._left.device)
        for first in range(0, side - WINDOW + 1, rows):
            strip = slice(first, min(side, first + rows + WINDOW - 1))
            left, right = _patches(self._left[:, strip]), _patches(self._right[:, strip])
            mx, my = left.mean(2)[:, :, None], right.mean(2)[:, None, :]
            vx, vy = (SAMPLE_COVARIANCE * ((part * part).mean(2) - part.mean(2)**2) for part in (left, right))
            product = mx * my
            covariance = SAMPLE_COVARIANCE * (torch.bmm(left, right.transpose(1, 2)) / WINDOW**2 - product)
            total += ((2 * product + C1) * (2 * covariance + C2)
                      / ((mx * mx + my * my + C1) * (vx[:, :, None] + vy[:, None, :] + C2))).sum(0)
        return total / (side - WINDOW + 1)**2


def _check(bench, name, images, engine, path):
    """Ours against the definition, torch's two forms against the definition; gives their largest errors."""
    some = images[:CHECKED]
    pixels = some.cpu().numpy()
    i, j = np.triu_indices(len(some), 1)
    expected = np.array([definition(pixels[a], pixels[b]) for a, b in zip(i, j)])
    engine.prepare("scores", "comparison", method="ssim", file=path, items=len(some), sink="scores")
    engine.run("scores")
    worst = np.abs(engine.result("scores", np.float64) - expected).max()
    require(worst <= 1e-10, f"{name}: a score differs from the definition by {worst:.3g}")
    all_maps = maps(some)
    rows = torch.stack([row_against(*all_maps, *(part[k:k + 1] for part in all_maps)) for k in range(len(some))])
    errors = [np.abs(scores.cpu().numpy()[i, j] - expected).max() for scores in (rows, Products(some, len(some))())]
    require(max(errors) <= PEER_TOLERANCE, f"{name}: torch differs from the definition by {max(errors):.3g}")
    _check_histogram(bench, name, engine, path, min(len(images), 300))
    return f"ours within {worst:.1g} of the definition, torch within {max(errors):.1g}"


def _check_histogram(bench, name, engine, path, num_items):
    arguments = {"method": "ssim", "file": path, "items": num_items, "sink": "histogram"}
    with bench.engine(place="cpu") as on_cpu:
        counts = []
        for one in (engine, on_cpu):
            one.prepare("counts", "comparison", **arguments)
            one.run("counts")
            counts.append(one.result("counts", np.int64))
    require(counts[0].sum() == num_items * (num_items - 1) // 2, f"{name}: the histogram has lost pairs")
    require(np.array_equal(*counts), f"{name}: the histogram differs from the CPU's")


def _compiled(rows):
    """The row form compiled, or why there is none."""
    try:
        function = torch.compile(row_against, dynamic=False)
        rows.run(function)
        return function, ""
    except Exception as reason:  # whatever a compiler may miss
        return None, f"; torch.compile failed: {str(reason).splitlines()[0][:200]}"


def _dense(bench, name, side, full):
    num_items = bench.size(full, 60)
    images = gpu_inputs.natural_images(num_items, bench.size(side, 32), bench.peer_place, seed=side)
    path = gpu_inputs.save(bench, name, images)
    with bench.engine() as engine:
        checked = _check(bench, name, images, engine, path)
        num_rows = bench.size(20, 2)
        rows, products = Rows(images, num_rows), Products(images, min(256, num_items))
        compiled, trouble = _compiled(rows)
        sides = {"eager": (rows.pairs, device_clock(lambda: rows.run(row_against))),
                 "im2col": (products.pairs, device_clock(products))}
        if compiled:
            sides["compiled"] = (rows.pairs, device_clock(lambda: rows.run(compiled)))
        for _, run in sides.values():
            run()
        if bench.quick:
            return
        engine.prepare("all", "comparison", method="ssim", file=path, sink="histogram")
        ours = Side(engine)
        rounds = rounds_for(bench, ours, *(run for _, run in sides.values()))
        pairs = num_items * (num_items - 1) // 2
        runs = take_turns(bench, {"ours": (pairs, ours), **sides}, rounds)
        work = f"SSIM 7x7, all pairs of {num_items} images of {side} px, no pruning"
        note = (f"ours counts all pairs by similarity in 4,096 bins; peers timed on {num_rows} images against all, "
                f"im2col on 256 against 256, the rest extrapolated; {checked}; {ours.note()}; {versions()}{trouble}")
        for key, suffix, target, peer in (
                ("eager", "", 30, "torch avg_pool2d, one image against all, eager"),
                ("compiled", "@compiled", 10, "the same under torch.compile"),
                ("im2col", "@im2col", 0, "torch im2col + bmm in tf32 (beside the targets)")):
            if key in runs:
                bench.add_row(name + suffix, work, target, "pairs/s", runs["ours"], runs[key], peer, torch.__version__,
                              note)


def ssim64_2500(bench):
    _dense(bench, "ssim64_2500", 64, 2_500)


def ssim64_20000(bench):
    _dense(bench, "ssim64_20000", 64, 20_000)


def ssim256_2500(bench):
    _dense(bench, "ssim256_2500", 256, 2_500)


def ssim256_20000(bench):
    _dense(bench, "ssim256_20000", 256, 20_000)


def ssim_exit(bench):
    """The same engine, the same photos, with and without pruning by the threshold."""
    path = gpu_inputs.photos(bench, 64)
    num_items = min(len(np.load(path, mmap_mode="r")), bench.size(2**62, 200))
    arguments = {"method": "ssim", "file": path, "items": num_items, "threshold": EXIT_THRESHOLD}
    with bench.engine() as engine, bench.engine(place="cpu") as on_cpu:
        for one in (engine, on_cpu):
            one.prepare("pruned", "comparison", sink="components", **arguments)
            one.run("pruned")
        require_same_labels("ssim_exit, against the CPU", *(one.result("pruned", np.int64) for one in (engine, on_cpu)))
        if bench.quick:
            return
        engine.prepare("dense", "comparison", sink="histogram", **arguments)
        sides = {name: Side(engine, name) for name in ("pruned", "dense")}
        pairs = num_items * (num_items - 1) // 2
        runs = take_turns(bench, {name: (pairs, side) for name, side in sides.items()},
                          rounds_for(bench, *sides.values()))
        bench.add_row(
            "ssim_exit", f"SSIM 7x7 to components, {num_items} photos at 64 px, t = {EXIT_THRESHOLD}: early exit", 4,
            "s", runs["pruned"], runs["dense"], "simile, every pair scored (histogram)",
            engine.ask("info")["version"], f"labels are the CPU's; {sides['pruned'].note()}; {versions()}")
