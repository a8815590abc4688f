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
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import measuring  # noqa: E402

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=pathlib.Path, help="simile_bench_engine")
    measuring.add_arguments(parser)
    options = parser.parse_args()
    if not options.engine and not options.table:
        parser.error("--engine is needed")
    return options


def main():
    options = parse()
    if options.table:
        measuring.print_markdown(json.loads(options.table.read_text()))
        return
    for setting in THREAD_SETTINGS:  # read when the libraries are loaded
        os.environ[setting] = str(options.threads)
    import cv2
    import faiss
    from cases import CASES
    from engine import Engine, EngineError, simd_levels
    from harness import Bench
    faiss.omp_set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    names = measuring.chosen(options.only, CASES)
    photos = os.environ.get("SIMILE_TEST_PHOTOS")
    with Engine(options.engine, options.threads) as engine:
        device = engine.ask("info")["device"]
    with tempfile.TemporaryDirectory(prefix="simile-peers-") as folder:
        bench = Bench(program=options.engine, folder=pathlib.Path(folder), threads=options.threads,
                      rounds=options.rounds, quick=options.quick, photos=pathlib.Path(photos) if photos else None,
                      levels=simd_levels(options.engine), device=device, commit=measuring.commit())
        failures = measuring.measure(bench, names, CASES, options.json, (EngineError,))
    if bench.rows:
        measuring.print_table(bench.rows)
    if failures:
        sys.exit(f"not equal, or not run: {', '.join(failures)}")


if __name__ == "__main__":
    main()
