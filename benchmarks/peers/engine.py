# SPDX-License-Identifier: Apache-2.0
"""Our side: drives one simile_bench_engine process (benchmarks/peers/engine/work.hpp says what it understands)."""

import json
import os
import subprocess
import tempfile

import numpy as np


class EngineError(RuntimeError):
    """The engine refused a command; the message is its own."""


class Engine:
    """One process with a fixed number of threads and, when given, a fixed SIMD level; on the CPU, or the device named."""

    def __init__(self, program, threads, simd=None, device="cpu"):
        environment = dict(os.environ)
        environment.pop("SIMILE_SIMD", None)
        if simd:
            environment["SIMILE_SIMD"] = simd
        self._process = subprocess.Popen(
            [str(program), str(threads), device], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def ask(self, command, **arguments):
        """Sends a command and gives its answer."""
        line = "\t".join([command] + [f"{name}={value}" for name, value in arguments.items()])
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise EngineError(f"the engine ended at: {line}")
        answer = json.loads(answer)
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer

    def prepare(self, name, kind, **arguments):
        self.ask("prepare", name=name, kind=kind, **arguments)

    def run(self, name):
        """Seconds, pairs, pairs_skipped and exact_evaluations of one run."""
        return self.ask("run", name=name)

    def result(self, name, dtype):
        """The last run's result as a flat array."""
        with tempfile.NamedTemporaryFile() as file:
            self.ask("write", name=name, path=file.name)
            return np.fromfile(file.name, dtype=dtype)


class Side:
    """A prepared work as a side of a measurement: calling it runs the work once and gives the seconds."""

    def __init__(self, engine, name="all"):
        self.engine, self._name, self._report = engine, name, None

    def __call__(self):
        self._report = self.engine.run(self._name)
        return self._report["seconds"]

    def note(self):
        """What the last run did, for a row's flags."""
        report = self._report
        return (f"ours: {report['exact_evaluations']} pairs evaluated exactly, {report['pairs_skipped']} skipped in "
                f"settled tiles, of {report['pairs']}")


def simd_levels(program):
    """The levels this machine has, best first."""
    found = []
    for level in ("amx", "vnni", "avx512", "avx2", "portable"):
        with Engine(program, 1, level) as engine:
            try:
                engine.ask("info")
                found.append(level)
            except EngineError:
                pass
    return found
