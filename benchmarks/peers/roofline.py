#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills the tables of benchmarks/roofline.md from a gpu.json, so that nobody types numbers.

Of a table of kernels the columns "floor", "measured" and "ratio" are replaced, by the id in the first one; of the table
of ceilings, "measured". The other columns are written by people.
"""

import argparse
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent
NEVER = "never run on a GPU"
BYTES, GIGA, TERA = 2, 1e9, 1e12  # of a half-precision number; of a ceiling's unit

# Work of the cases in gpu_cases/, which these numbers must follow.


def _cosine(num_items):
    return lambda top: num_items**2 * 512 / (top["fp16"] * TERA)


def _ssim(side):
    """Pairs a second: 128 operations of a tensor core and 11 instructions in single precision a window."""
    windows = (side - 6)**2
    return lambda top: min(top["fp16"] * TERA / 128, top["fp32"] / 2 * TERA / 11) / windows


def _hamming(bits):
    return lambda top: top["int8"] * TERA / (2 * bits)


FLOORS = {  # id -> function of the ceilings, in the unit of the row
    "cosine_100k": _cosine(100_000),
    "cosine_1m": _cosine(1_000_000),
    "ssim64_2500": _ssim(64),
    "ssim64_20000": _ssim(64),
    "ssim256_2500": _ssim(256),
    "ssim256_20000": _ssim(256),
    "hamming256@no_rejection": _hamming(256),
    "hamming4096@no_rejection": _hamming(4096),
    "orb": lambda top: top["int8"] * TERA / (2 * 500 * 500 * 256),
    "components": lambda top: 20e6 * 16 / (top["read"] * GIGA),
    "topk": lambda top: 2e6 * 768 * BYTES / (top["read"] * GIGA),
}


def number(value, unit):
    if unit == "s":
        return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
    return f"{value:,.0f} {unit}" if 100 <= value < 1e6 else f"{value:.3g} {unit}"


def cells(name, rows, ceilings):
    """floor, measured and ratio of a kernel."""
    row = rows.get(name)
    if not row:
        return "", NEVER, ""
    measured = number(row["ours"], row["unit"])
    try:
        floor = FLOORS[name](ceilings)
    except KeyError:  # none is known, or its ceiling was not measured
        return "-", measured, "-"
    ratio = row["ours"] / floor if row["unit"] == "s" else floor / row["ours"]
    return number(floor, row["unit"]), measured, f"{ratio:.2f}x"


def fill(text, rows):
    """The page with its tables filled."""
    ceilings = {name.split("@")[1]: row["peer"] for name, row in rows.items() if name.startswith("ceiling@")}
    lines, header = [], []
    for line in text.splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")] if line.startswith("|") else []
        if not parts:
            header = []
        elif not header:
            header = parts
        elif parts[0].startswith("ceiling@"):
            row = rows.get(parts[0])
            parts[header.index("measured")] = number(row["peer"], row["unit"]) if row else NEVER
            line = f"| {' | '.join(parts)} |"
        elif "floor" in header and not set(parts[0]) <= {"-"}:
            for column, value in zip(("floor", "measured", "ratio"), cells(parts[0], rows, ceilings)):
                parts[header.index(column)] = value
            line = f"| {' | '.join(parts)} |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def stamp(text, rows):
    """Says below which line of the page what was measured where."""
    first = next(iter(rows.values()), None)
    told = f"Measured on {first['device']}, commit {first['commit'][:12]}." if first else f"Everything here has {NEVER}."
    begin, end = "<!-- measured -->", "<!-- /measured -->"
    head, rest = text.split(begin)
    return f"{head}{begin}{told}{end}{rest.split(end)[1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path, nargs="?", default=FOLDER / "results" / "gpu.json")
    parser.add_argument("--page", type=pathlib.Path, default=FOLDER / "roofline.md")
    options = parser.parse_args()
    if not options.file.exists():
        sys.exit(f"roofline: {options.file} is not there (scripts/gpu-node run writes it)")
    rows = {row["id"]: row for row in json.loads(options.file.read_text())}
    options.page.write_text(stamp(fill(options.page.read_text(), rows), rows))
    print(f"{options.page}: {sum(name in rows for name in FLOORS)} of {len(FLOORS)} floors with a measurement")


if __name__ == "__main__":
    main()
