# SPDX-License-Identifier: Apache-2.0
"""What all side-by-side runs share: turns, medians, the rows of a table and the file that keeps them."""

import dataclasses
import importlib.metadata
import json
import pathlib
import statistics
import subprocess
import time

SCORES = ("%", "NMI")  # units of rows that are no rates and no times

# Libraries let their threads spin for some milliseconds after a call; nobody is timed while another's still do.
REST_SECONDS = 0.15


class NotEqual(AssertionError):
    """Two programs that should agree do not."""


class Skipped(Exception):
    """A row cannot be measured here; the reason is for people."""


@dataclasses.dataclass
class Runs:
    """The timed runs of one side."""

    count: int  # pairs or images of one run
    seconds: list = dataclasses.field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.seconds)


@dataclasses.dataclass(kw_only=True)
class Table:
    """Rows as they are measured, and what every measurement is told."""

    folder: pathlib.Path  # for inputs; goes away at the end
    threads: int
    rounds: int  # of a measurement, one of each side
    quick: bool  # tiny inputs, equality only
    photos: pathlib.Path | None
    device: str = ""
    commit: str = ""
    rows: list = dataclasses.field(default_factory=list)

    def size(self, full, quick):
        return quick if self.quick else full

    def add_row(self, name, work, target, unit, ours, peer, peer_name, peer_version, flags):
        """`ours` and `peer`: their Runs; `unit`: "s", or a rate of what they count."""
        values = [side.seconds if unit == "s" else [side.count / s for s in side.seconds] for side in (ours, peer)]
        medians = [statistics.median(side) for side in values]
        ratio = medians[1] / medians[0] if unit == "s" else medians[0] / medians[1]
        spread = "; ".join(
            f"{who} {min(side):.4g}..{max(side):.4g} {unit}" for who, side in zip(("ours", "peer"), values))
        self._add(name, work, target, unit, medians[0], medians[1], ratio, peer_name, peer_version,
                  f"{flags}; {len(ours.seconds)} rounds, interleaved, medians; spread: {spread}")

    def add_score(self, name, work, target, unit, ours, peer, difference, peer_name, peer_version, flags):
        """A row that is no time: `difference` is what the target is compared with."""
        self._add(name, work, target, unit, ours, peer, difference, peer_name, peer_version, flags)

    def add_ceiling(self, name, work, unit, measured, peer_name, peer_version, flags):
        """A row of what the machine can do at most: nothing of ours is in it."""
        self._add(name, work, None, unit, None, measured, None, peer_name, peer_version, flags)

    def _add(self, name, work, target, unit, ours, peer, ratio, peer_name, peer_version, flags):
        self.rows.append({
            "id": name, "work": work, "ours": ours, "peer": peer, "peer_name": peer_name,
            "peer_version": peer_version, "unit": unit, "ratio": ratio, "target": target, "device": self.device,
            "flags": flags, "commit": self.commit,
        })


def take_turns(table, sides, rounds=None):
    """Runs every side once a round, in alternating order; `sides`: name -> (count, function giving the seconds).
    `rounds`: other than the table's, of sides that are warm already."""
    runs = {name: Runs(count) for name, (count, _) in sides.items()}
    names = list(sides)
    for turn in range(0 if rounds else -1, rounds or table.rounds):  # the first round warms up
        for name in names if turn % 2 == 0 else names[::-1]:
            time.sleep(REST_SECONDS)
            seconds = sides[name][1]()
            if turn >= 0:
                runs[name].seconds.append(seconds)
    return runs


def clock(function):
    """A function that gives the seconds that `function` took, by the wall."""
    def timed():
        start = time.perf_counter()
        function()
        return time.perf_counter() - start
    return timed


def version(package):
    return importlib.metadata.version(package)


def require(condition, message):
    if not condition:
        raise NotEqual(message)


def commit():
    """The commit that is measured, marked where files differ from it."""
    def git(*arguments):
        return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout.strip()
    return git("rev-parse", "HEAD") + ("-changed" if git("status", "--porcelain", "--untracked-files=no") else "")


def times(row):
    """"x" behind the ratio of rates or times; nothing behind a score."""
    return "" if row["unit"] in SCORES else "x"


def is_ceiling(row):
    return row["ours"] is None


def print_table(rows):
    print(f"\n{'id':16} {'ours':>12} {'peer':>12} {'unit':9} {'ratio':>9} {'target':>7}      work, against")
    for row in rows:
        if is_ceiling(row):
            print(f"{row['id']:16} {'':12} {row['peer']:12.5g} {row['unit']:9} {'ceiling':>26} {row['work']}")
            continue
        verdict = "met" if row["ratio"] >= row["target"] else "missed"
        x = times(row)
        print(f"{row['id']:16} {row['ours']:12.5g} {row['peer']:12.5g} {row['unit']:9} {row['ratio']:8.4g}{x} "
              f"{row['target']:6g}{x} {verdict:6} {row['work']}, against {row['peer_name']} {row['peer_version']}")


def print_markdown(rows):
    """The table of docs/performance.md."""
    print("| id | work | ours | peer | ratio | target | against |\n|---|---|---|---|---|---|---|")
    for row in rows:
        if is_ceiling(row):
            continue
        verdict = "" if row["ratio"] >= row["target"] else " (missed)"
        number = lambda value: f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
        x = times(row)
        sides = " | ".join(f"{number(row[side])} {row['unit']}" for side in ("ours", "peer"))
        print(f"| {row['id']} | {row['work']} | {sides} | {number(row['ratio'])}{x} | {row['target']:,}{x}{verdict} | "
              f"{row['peer_name']} {row['peer_version']} |")


def merge(path, rows, order):
    """Rows measured now replace those of the same case in the file, which is in the order of the cases."""
    earlier = json.loads(path.read_text()) if path.exists() else []
    cases = {row["id"].split("@")[0] for row in rows}
    rows = [row for row in earlier if row["id"].split("@")[0] not in cases] + rows
    rows.sort(key=lambda row: order.index(row["id"].split("@")[0]))
    path.write_text(json.dumps(rows, indent=2) + "\n")


def measure(table, names, cases, keep, expected=()):
    """Runs the cases; the rows of each are printed and kept at once, so that a run cut short loses one case only. Gives
    the names of those that failed: results differed, or an exception of the `expected` types came."""
    failures = []
    for name in names:
        start = time.perf_counter()
        before = len(table.rows)
        print(f"{name:12} ", end="", flush=True)
        try:
            cases[name](table)
            rows = table.rows[before:]
            ratios = ", ".join(f"{row['id']} {row['peer']:.4g} {row['unit']}" if is_ceiling(row) else
                               f"{row['id']} {row['ratio']:.4g} of {row['target']:g}" for row in rows)
            print(f"equal, {ratios} ({time.perf_counter() - start:.0f} s)" if rows else "equal", flush=True)
            if keep and rows:
                merge(keep, rows, list(cases))
        except Skipped as reason:
            print(f"SKIPPED: {reason}", flush=True)
        except (NotEqual, *expected) as error:
            print(f"FAILED: {error}", flush=True)
            failures.append(name)
    return failures


def add_arguments(parser):
    """The flags of every side-by-side run."""
    import os
    parser.add_argument("--only", help="ids, separated by commas")
    parser.add_argument("--json", type=pathlib.Path, help="keep the rows here; rows of other ids in it stay")
    parser.add_argument("--rounds", type=int, default=7, help="runs of each side")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each side, unless a row says one")
    parser.add_argument("--quick", action="store_true", help="tiny inputs, equality only, no timing")
    parser.add_argument("--table", type=pathlib.Path, metavar="FILE", help="print its rows as Markdown, run nothing")


def chosen(only, cases):
    """The names of the cases that --only names, or of all."""
    import sys
    names = only.split(",") if only else list(cases)
    if unknown := [name for name in names if name not in cases]:
        sys.exit(f"--only {unknown[0]}: allowed are {', '.join(cases)}")
    return names
