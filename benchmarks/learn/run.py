#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times and scores simile's networks, training and labelling help beside PyTorch and scikit-learn on the same threads.

Results are checked to be equal before anything is timed; both sides take turns; medians are compared. Exit code 0 whether
or not a target is met, 1 when results differ. docs/performance.md tells the method.
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
    parser.add_argument("--simile", type=pathlib.Path, help="the program")
    measuring.add_arguments(parser)
    options = parser.parse_args()
    if not options.simile and not options.table:
        parser.error("--simile is needed")
    return options


def main():
    options = parse()
    if options.table:
        measuring.print_markdown(json.loads(options.table.read_text()))
        return
    for setting in THREAD_SETTINGS:  # read when the libraries are loaded
        os.environ[setting] = str(options.threads)
    import torch
    from cases import CASES
    from program import LearnBench, ProgramError, device
    torch.set_num_threads(options.threads)
    names = measuring.chosen(options.only, CASES)
    photos = os.environ.get("SIMILE_TEST_PHOTOS")
    with tempfile.TemporaryDirectory(prefix="simile-learn-") as folder:
        bench = LearnBench(simile=options.simile.resolve(), folder=pathlib.Path(folder), threads=options.threads,
                           rounds=options.rounds, quick=options.quick,
                           photos=pathlib.Path(photos) if photos else None, device=device(options.simile),
                           commit=measuring.commit())
        failures = measuring.measure(bench, names, CASES, options.json, (ProgramError,))
    if bench.rows:
        measuring.print_table(bench.rows)
    if failures:
        sys.exit(f"not equal, or not run: {', '.join(failures)}")


if __name__ == "__main__":
    main()
