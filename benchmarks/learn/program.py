# SPDX-License-Identifier: Apache-2.0
"""Our side: the program as people run it, and what it writes."""

import dataclasses
import json
import pathlib
import subprocess

import numpy as np

from measuring import Skipped, Table


class ProgramError(Exception):
    """simile did not do what it was asked; the message is its own."""


@dataclasses.dataclass(kw_only=True)
class LearnBench(Table):
    """What every case is given."""

    simile: pathlib.Path

    def run(self, *words):
        """Its standard output."""
        command = [str(self.simile), *map(str, words)]
        outcome = subprocess.run(command, capture_output=True, text=True)
        if outcome.returncode != 0:
            raise ProgramError(f"{' '.join(command)}: {outcome.stderr.strip()}")
        return outcome.stdout

    def embed(self, source, *flags):
        """Vectors float32 [n, d] of images, and the seconds that reading and embedding them took: the network's loading
        is not among them, as it is not in the peer's."""
        out = self.folder / "ours.npy"
        self.run("embed", source, "--out", out, "--overwrite", "--no-cache", "--quiet", "--threads", self.threads,
                 "--device", "cpu", *flags)
        vectors = np.load(out)
        about = json.loads(out.with_suffix(".json").read_text())
        return vectors, len(vectors) / about["images_per_second"]

    def photo_folder(self, part):
        """A folder of the clothing photos: train, validation or test."""
        if self.photos is None:
            raise Skipped("SIMILE_TEST_PHOTOS is not set")
        folder = self.photos / part
        if not folder.is_dir():
            raise Skipped(f"{self.photos} has no folder {part}")
        return folder


def device(simile):
    """The processor, as simile names it: "AMD EPYC, 2 threads, avx2"."""
    line = subprocess.run([str(simile), "devices"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return line.split("  ", 1)[-1].rsplit(", ", 1)[0]
