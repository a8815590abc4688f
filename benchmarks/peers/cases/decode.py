# SPDX-License-Identifier: Apache-2.0
"""Decoding photos and resizing them to 64 px, against OpenCV on as many threads."""

import concurrent.futures

import cv2
import numpy as np

import inputs
from engine import Side
from harness import clock, require, take_turns, version

SIDE = 64


def _peer(paths, executor, flag, out):
    """Decodes and resizes every photo; one task a thread costs nothing in Python."""
    def some(first):
        for item in range(first, len(paths), executor._max_workers):
            out[item] = cv2.resize(cv2.imread(paths[item], flag), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    list(executor.map(some, range(executor._max_workers)))


def decode(bench):
    paths = [str(path) for path in inputs.photo_paths(bench, bench.size(3000, 100))]
    listing = bench.folder / "photos.txt"
    listing.write_text("\n".join(paths) + "\n")
    cv2.setNumThreads(1)  # the photos are shared out instead
    whole = np.empty((len(paths), SIDE, SIDE, 3), np.uint8)
    reduced = np.empty_like(whole)
    with bench.engine() as engine, concurrent.futures.ThreadPoolExecutor(bench.threads) as executor:
        sides = {}
        for name, flag, out, full in (("full", cv2.IMREAD_COLOR, whole, 1),
                                      ("reduced", cv2.IMREAD_REDUCED_COLOR_2, reduced, 0)):
            engine.prepare(name, "decoding", list=listing, side=SIDE, full=full)
            sides[f"ours {name}"] = (len(paths), Side(engine, name))
            sides[f"peer {name}"] = (len(paths), clock(lambda flag=flag, out=out: _peer(paths, executor, flag, out)))
            engine.run(name)
            _peer(paths, executor, flag, out)
            ours = engine.result(name, np.uint8).reshape(out.shape)[..., ::-1].astype(int)
            difference = np.abs(ours - out)
            require(difference.mean() < 0.05 and np.quantile(difference, 0.9999) <= 2,
                    f"decode, {name}: pixels differ by {difference.mean():.3g} on average, {difference.max()} at most")
        if bench.quick:
            return
        runs = take_turns(bench, sides)
        _add_rows(bench, runs, len(paths), engine.ask("info"))


def _add_rows(bench, runs, count, info):
    work = f"decode + resize to {SIDE} px, {count} JPEGs (most 400x533)"
    flags = f"{bench.threads} threads a side; simd {info['simd']}; files in the page cache; "
    for name, ours, peer, call, note in (
            ("decode", "ours reduced", "peer full", "imread + resize",
             "ours decodes at the reduced scale that still is at least twice as large (1/2), as it does by default; "
             "decode@reduced and decode@full set like against like"),
            ("decode@reduced", "ours reduced", "peer reduced", "imread REDUCED_COLOR_2 + resize", "both at 1/2"),
            ("decode@full", "ours full", "peer full", "imread + resize", "both in full (--full-decode)")):
        bench.add_row(name, work, 1.5, "images/s", runs[ours], runs[peer], f"cv2.{call}",
                      version("opencv-python-headless"), flags + note)
