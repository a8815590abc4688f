#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times simile on a GPU beside what people write with torch and cupy there; checks first that the results are right.

Sides take turns and medians are compared, as in run.py. Every row is kept as soon as its case is done. Exit code 1 when a
result is wrong. `--device cpu --quick` rehearses everything but cupy's part on a machine without a GPU.
"""

import argparse
import gc
import json
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import measuring  # noqa: E402


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", type=pathlib.Path, help="simile_bench_engine")
    parser.add_argument("--device", default="cuda:0", help="cuda:0, or cpu with --quick")
    parser.add_argument("--engine-device", help="where our side runs, when it is another (with --quick: an emulated one)")
    parser.add_argument("--data", type=pathlib.Path, help="folder with photos64.npy")
    parser.add_argument("--minutes", type=float, default=9, help="no case is begun after these")
    measuring.add_arguments(parser)
    options = parser.parse_args()
    if options.table:
        return options
    if not options.engine:
        parser.error("--engine is needed")
    if options.device == "cpu" and not options.quick:
        parser.error("--device cpu: only with --quick, its times would mean nothing")
    options.engine_device = options.engine_device or options.device
    return options


def families(only, cases):
    """--only with families spelled out: `ssim` means every case whose id begins so."""
    names = []
    for name in only.split(",") if only else cases:
        names += [name] if name in cases else [case for case in cases if case.startswith(name)] or [name]
    return ",".join(dict.fromkeys(names))


def release():
    """Gives memory of the device back: our side needs it in the next case."""
    import torch
    gc.collect()
    torch.cuda.empty_cache()


def within(minutes, cases):
    """The cases, each refusing to begin after so many minutes."""
    begun = time.monotonic()

    def guarded(case):
        def run(bench):
            if time.monotonic() - begun > 60 * minutes:
                raise measuring.Skipped(f"{minutes:g} minutes are over")
            try:
                case(bench)
            finally:
                release()
        return run
    return {name: guarded(case) for name, case in cases.items()}


def device_name(program, options):
    """As our side calls it."""
    from engine import Engine
    with Engine(program, options.threads, device=options.engine_device) as engine:
        return engine.ask("info")["device"]


def main():
    options = parse()
    if options.table:
        measuring.print_markdown(json.loads(options.table.read_text()))
        return
    import torch
    from engine import EngineError
    from gpu_cases import CASES
    from harness import Bench
    if options.device != "cpu" and not torch.cuda.is_available():
        sys.exit("gpu_run: torch sees no GPU here; --device cpu --quick rehearses without one")
    names = measuring.chosen(families(options.only, CASES), CASES)
    commit = os.environ.get("SIMILE_COMMIT") or measuring.commit()
    with tempfile.TemporaryDirectory(prefix="simile-peers-") as folder:
        bench = Bench(program=options.engine, folder=pathlib.Path(folder), threads=options.threads,
                      rounds=options.rounds, quick=options.quick, photos=options.data, levels=[],
                      device=device_name(options.engine, options), commit=commit, place=options.engine_device,
                      peer_place=options.device)
        failures = measuring.measure(bench, names, within(options.minutes, CASES), options.json,
                                     (EngineError, RuntimeError, ImportError, AttributeError))
    if bench.rows:
        measuring.print_table(bench.rows)
    if failures:
        sys.exit(f"not equal, or not run: {', '.join(failures)}")


if __name__ == "__main__":
    main()
