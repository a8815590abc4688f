#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times whole runs of the program, end to end, and prints medians; --json keeps them.

Each case runs --repeat times, the cases interleaved, so that a busy machine disturbs all alike. The numbers come from the
program's own --json summary (phases) and from a clock around it (total).
"""

import argparse
import array
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import tempfile
import time

DATASET = pathlib.Path("/usr/share/datasets/fashion-mnist")


def write_npy(path, descr, shape, values):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
    header += " " * ((64 - (10 + len(header) + 1) % 64) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes())


def make_embeddings(path, num_rows, dimensions, num_clusters=500):
    """Clustered vectors: centre + noise, so that a threshold of 0.9 finds groups."""
    rng = random.Random(1)
    centres = [[rng.gauss(0, 1) for _ in range(dimensions)] for _ in range(num_clusters)]
    noise = [rng.gauss(0, 1) for _ in range(1 << 16)]
    values = array.array("f")
    for _ in range(num_rows):
        centre = rng.choice(centres)
        spread = rng.uniform(0.2, 0.6)
        start = rng.randrange(len(noise) - dimensions)
        values.extend(c + spread * noise[start + k] for k, c in enumerate(centre))
    write_npy(path, "<f4", (num_rows, dimensions), values)


def make_hashes(path, num_rows, num_bytes):
    write_npy(path, "|u1", (num_rows, num_bytes), array.array("B", random.Random(2).randbytes(num_rows * num_bytes)))


def cases(folder):
    """(name, what it works on, arguments)."""
    embeddings, hashes = folder / "embeddings.npy", folder / "hashes.npy"
    make_embeddings(embeddings, 10_000, 512)
    make_hashes(hashes, 20_000, 8)
    images = DATASET / "t10k-images-idx3-ubyte.gz"
    found = [
        ("demo_ssim28", "10,000 images of 28 px, SSIM, t = 0.8", [images, "-m", "ssim", "-t", "0.8"]),
        ("embedding512", "10,000 x 512 embeddings, cosine, t = 0.9", [embeddings, "-t", "0.9"]),
        ("hash64", "20,000 hashes of 64 bits, t = 0.9", [hashes, "-t", "0.9"]),
    ]
    photos = os.environ.get("SIMILE_TEST_PHOTOS")
    if photos:
        found += [
            ("photos_ssim64", "photos, SSIM at 64 px, t = 0.8", [photos, "-m", "ssim"]),
            ("photos_phash", "photos, phash, t = 0.9", [photos, "-m", "phash"]),
        ]
    else:
        print("SIMILE_TEST_PHOTOS is not set: the cases with photos are left out")
    return found


def cpu_name():
    for line in open("/proc/cpuinfo", encoding="utf-8", errors="replace"):
        if line.startswith("model name"):
            return line.split(": ", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simile", required=True, type=pathlib.Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    seconds, compare, help_seconds, last = {}, {}, [], {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        todo = cases(folder)
        for _ in range(options.repeat):
            start = time.perf_counter()
            subprocess.run([options.simile, "--help"], check=True, stdout=subprocess.DEVNULL)
            help_seconds.append(time.perf_counter() - start)
            for case, _, arguments in todo:
                command = [options.simile, "cluster", *arguments, "--out", folder / "out"]
                command += ["--overwrite", "--no-cache", "--json", "-q"]
                start = time.perf_counter()
                done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
                seconds.setdefault(case, []).append(time.perf_counter() - start)
                last[case] = json.loads(done.stdout)
                compare.setdefault(case, []).append(last[case]["seconds"]["compare"])
    rows = [{"id": "help", "work": "simile --help", "median_s": statistics.median(help_seconds), "runs_s": help_seconds}]
    for case, work, _ in todo:
        summary = last[case]
        rows.append({
            "id": case, "work": work, "median_s": statistics.median(seconds[case]), "runs_s": seconds[case],
            "compare_median_s": statistics.median(compare[case]),
            "pairs": summary["pairs"], "pairs_per_second": summary["pairs"] / statistics.median(compare[case]),
            "groups": summary["groups"], "outliers": summary["outliers"], "exact_evaluations": summary["exact_evaluations"],
            "threads": summary["threads"], "simd": summary["simd"],
        })
    for row in rows:
        extra = f"  compare {row['compare_median_s']:.3f} s, {row['pairs_per_second'] / 1e6:.1f} M pairs/s" if "pairs" in row else ""
        print(f"{row['id']:14} {row['median_s']:8.3f} s  {row['work']}{extra}")
    if options.json:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
        version = subprocess.run([options.simile, "--version"], capture_output=True, text=True).stdout.strip()
        result = {"device": cpu_name(), "cores": os.cpu_count(), "version": version, "commit": commit, "results": rows}
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
