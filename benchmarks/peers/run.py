#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times simile beside what people use today, checks first that both find the same, and prints the table of ratios.

Both sides get the same threads and take turns; medians are compared. Exit code 0 whether or not a target is met, 1 when
results differ. docs/performance.md tells the method.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=pathlib.Path, help="simile_bench_engine")
    parser.add_argument("--only", help="ids, separated by commas")
    parser.add_argument("--json", type=pathlib.Path, help="keep the rows here; rows of other ids in it stay")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each side, unless a row says one")
    parser.add_argument("--quick", action="store_true", help="tiny inputs, equality only, no timing")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE", help="print its rows as Markdown, run nothing")
    options = parser.parse_args()
    if not options.engine and not options.table:
        parser.error("--engine is needed")
    return options


def commit():
    def git(*arguments):
        return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()
    return git("rev-parse", "HEAD") + ("-changed" if git("status", "--porcelain", "--untracked-files=no") else "")


def print_table(rows):
    print(f"\n{'id':16} {'ours':>12} {'peer':>12} {'unit':9} {'ratio':>9} {'target':>7}      work, against")
    for row in rows:
        verdict = "met" if row["ratio"] >= row["target"] else "missed"
        print(f"{row['id']:16} {row['ours']:12.5g} {row['peer']:12.5g} {row['unit']:9} {row['ratio']:8.4g}x "
              f"{row['target']:6g}x {verdict:6} {row['work']}, against {row['peer_name']} {row['peer_version']}")


def markdown(rows):
    """The table of docs/performance.md."""
    print("| id | work | ours | peer | ratio | target | against |\n|---|---|---|---|---|---|---|")
    for row in rows:
        verdict = "" if row["ratio"] >= row["target"] else " (missed)"
        number = lambda value: f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
        sides = " | ".join(f"{number(row[side])} {row['unit']}" for side in ("ours", "peer"))
        print(f"| {row['id']} | {row['work']} | {sides} | {number(row['ratio'])}x | {row['target']:,}x{verdict} | "
              f"{row['peer_name']} {row['peer_version']} |")


def merge(path, rows):
    """Rows measured now replace those of the same case in the file."""
    earlier = json.loads(path.read_text()) if path.exists() else []
    cases = {row["id"].split("@")[0] for row in rows}
    rows = [row for row in earlier if row["id"].split("@")[0] not in cases] + rows
    from cases import CASES
    order = list(CASES)
    rows.sort(key=lambda row: order.index(row["id"].split("@")[0]))
    path.write_text(json.dumps(rows, indent=2) + "\n")


def measure(bench, names, cases, failures, keep):
    """Runs the cases; the rows of each are printed and kept at once, so that a run cut short loses one case only."""
    from engine import EngineError
    from harness import NotEqual, Skipped
    for name in names:
        start = time.perf_counter()
        before = len(bench.rows)
        print(f"{name:12} ", end="", flush=True)
        try:
            cases[name](bench)
            rows = bench.rows[before:]
            ratios = ", ".join(f"{row['id']} {row['ratio']:.4g}x of {row['target']:g}x" for row in rows)
            print(f"equal, {ratios} ({time.perf_counter() - start:.0f} s)" if rows else "equal", flush=True)
            if keep and rows:
                merge(keep, rows)
        except Skipped as reason:
            print(f"SKIPPED: {reason}", flush=True)
        except (NotEqual, EngineError) as error:
            print(f"FAILED: {error}", flush=True)
            failures.append(name)


def main():
    options = parse()
    if options.table:
        markdown(json.loads(options.table.read_text()))
        return
    for setting in THREAD_SETTINGS:  # read when the libraries are loaded
        os.environ[setting] = str(options.threads)
    import cv2
    import faiss
    from cases import CASES
    from engine import Engine, simd_levels
    from harness import Bench
    faiss.omp_set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    names = options.only.split(",") if options.only else list(CASES)
    if unknown := [name for name in names if name not in CASES]:
        sys.exit(f"--only {unknown[0]}: allowed are {', '.join(CASES)}")
    photos = os.environ.get("SIMILE_TEST_PHOTOS")
    with Engine(options.engine, options.threads) as engine:
        device = engine.ask("info")["device"]
    failures = []
    with tempfile.TemporaryDirectory(prefix="simile-peers-") as folder:
        bench = Bench(program=options.engine, folder=pathlib.Path(folder), threads=options.threads,
                      rounds=options.rounds, quick=options.quick, photos=pathlib.Path(photos) if photos else None,
                      levels=simd_levels(options.engine), device=device, commit=commit())
        measure(bench, names, CASES, failures, options.json)
    if bench.rows:
        print_table(bench.rows)
    if failures:
        sys.exit(f"not equal, or not run: {', '.join(failures)}")


if __name__ == "__main__":
    main()
