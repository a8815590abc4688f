#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How cost grows with the number of items: seconds and peak memory of every metric, to components, one process a point.

--json keeps the points; those of other metrics in the file stay. --plot draws all of them as SVG.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Callable

import matplotlib
import matplotlib.ticker
import numpy as np

import inputs
from engine import Engine
from run import commit

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
MOST_RUNS = 3
SHORT_SECONDS = 5  # a point that takes longer is run once


@dataclasses.dataclass
class Metric:
    """`make(n)` writes features of n items below a path and gives the engine's arguments."""

    name: str
    label: str
    threshold: float
    make: Callable


def _saved(path, array, **arguments):
    np.save(path, array)
    return {"file": path, **arguments}


def _orb(path, num_items):
    rng = np.random.default_rng(4)
    base = rng.integers(0, 256, (-(-num_items // 10), 500, 32), np.uint8)
    groups = inputs.groups_of_ten(num_items, rng)
    offsets = path.with_suffix(".offsets.npy")
    np.save(offsets, np.arange(num_items + 1, dtype=np.int64) * 500)
    rows = base[groups] ^ (1 << rng.integers(0, 64, (num_items, 500, 32)) & 0xFF).astype(np.uint8)
    return _saved(path, rows.reshape(-1, 32), method="orb", offsets=offsets)


METRICS = (
    Metric("ssim", "ssim, 64 px", 0.9,
           lambda path, n: _saved(path, inputs.natural_images(n, 64, 1, 1), method="ssim")),
    Metric("gaussian", "ssim, Gaussian window, 64 px", 0.9,
           lambda path, n: _saved(path, inputs.natural_images(n, 64, 1, 1), method="ssim", window="gaussian")),
    Metric("cosine", "cosine, 512", 0.9,
           lambda path, n: _saved(path, inputs.embeddings(n, 512, 1), method="embedding")),
    Metric("euclidean", "euclidean, 512", -0.2,
           lambda path, n: _saved(path, inputs.embeddings(n, 512, 1), method="euclidean")),
    Metric("hamming", "hamming, 64 bits", 59 / 64,
           lambda path, n: _saved(path, inputs.hashes(n, 64, 5, 1), method="hash")),
    Metric("template", "template, 64 px", 0.98,
           lambda path, n: _saved(path, inputs.natural_images(n, 64, 3, 1, noise=30.0), method="template")),
    Metric("minhash", "minhash, 128", 0.5, lambda path, n: _saved(path, inputs.signatures(n, 1), method="minhash")),
    Metric("orb", "orb, 500 a picture", 0.9, _orb),
)


def measure(program, threads, metric, num_items, folder):
    path = folder / "growth.npy"
    arguments = metric.make(path, num_items)
    with Engine(program, threads) as engine:
        engine.prepare("all", "comparison", sink="components", threshold=metric.threshold, **arguments)
        runs = [engine.run("all")]
        while len(runs) < MOST_RUNS and runs[0]["seconds"] < SHORT_SECONDS:
            runs.append(engine.run("all"))
        info = engine.ask("info")
        return {"metric": metric.name, "label": metric.label, "items": num_items, "threshold": metric.threshold,
                "seconds": statistics.median(run["seconds"] for run in runs), "runs": len(runs),
                "pairs": runs[0]["pairs"], "pairs_skipped": runs[0]["pairs_skipped"],
                "exact_evaluations": runs[0]["exact_evaluations"], "peak_bytes": engine.ask("memory")["peak_bytes"],
                "threads": threads, "simd": info["simd"], "device": info["device"], "commit": commit()}


def grow(options, metric, folder, points):
    """Until the next size would take longer than a point may."""
    for num_items in SIZES:
        mine = [point for point in points if point["metric"] == metric.name]
        if mine:
            last = mine[-1]
            expected = last["seconds"] * (num_items / last["items"]) ** 2
            if expected > options.most_seconds:
                print(f"{metric.name:10} {num_items:8} left out: about {expected:.0f} s")
                return
        point = measure(options.engine, options.threads, metric, num_items, folder)
        points.append(point)
        print(f"{metric.name:10} {num_items:8} {point['seconds']:10.4f} s {point['peak_bytes'] / 2**20:8.0f} MiB",
              flush=True)


def plot(points, path):
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "simile", "font.family": "sans-serif",
                                "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    colours = pyplot.get_cmap("tab10").colors
    for panel, key, unit, title in ((panels[0], "seconds", 1, "seconds, all pairs to components"),
                                    (panels[1], "peak_bytes", 2**20, "peak memory of the process, MiB")):
        for position, metric in enumerate(dict.fromkeys(point["metric"] for point in points)):
            mine = [point for point in points if point["metric"] == metric]
            panel.loglog([point["items"] for point in mine], [point[key] / unit for point in mine], marker="o",
                         markersize=3, linewidth=1.4, color=colours[position], label=mine[0]["label"])
        panel.set_title(title, loc="left", fontsize=9)
        panel.set_xlabel("items")
        panel.set_xlim(800, 125_000)
        panel.grid(which="major", color="#dddddd", linewidth=0.6)
        panel.set_axisbelow(True)
    low, high = panels[0].get_ylim()
    x = np.array([1_000, 100_000])
    panels[0].loglog(x, low * 3 * (x / x[0]) ** 2, "--", color="#999999", linewidth=1, label="grows as n²")
    panels[0].set_ylim(low, high)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False,
                  fontsize=8)
    decades = [10 ** round_to(np.log10(limit)) for limit, round_to in zip(panels[1].get_ylim(), (np.floor, np.ceil))]
    panels[1].set_ylim(*decades)
    for panel in panels:
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=pathlib.Path, help="simile_bench_engine")
    parser.add_argument("--only", help="metrics, separated by commas")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path)
    parser.add_argument("--draw-only", action="store_true", help="run nothing: plot what --json holds")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--most-seconds", type=float, default=60, help="a point expected to take longer is left out")
    options = parser.parse_args()
    points = json.loads(options.json.read_text()) if options.json and options.json.exists() else []
    if not options.draw_only:
        names = [metric.name for metric in METRICS]
        wanted = options.only.split(",") if options.only else names
        if unknown := [name for name in wanted if name not in names]:
            sys.exit(f"--only {unknown[0]}: allowed are {', '.join(names)}")
        points = [point for point in points if point["metric"] not in wanted]
        with tempfile.TemporaryDirectory(prefix="simile-growth-") as folder:
            for metric in METRICS:
                if metric.name in wanted:
                    grow(options, metric, pathlib.Path(folder), points)
                    points.sort(key=lambda point: (names.index(point["metric"]), point["items"]))
                    if options.json:  # a run cut short loses one metric only
                        options.json.write_text(json.dumps(points, indent=2) + "\n")
    if options.plot:
        plot(points, options.plot)


if __name__ == "__main__":
    main()
