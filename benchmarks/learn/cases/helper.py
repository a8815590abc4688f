# SPDX-License-Identifier: Apache-2.0
"""The helper: its linear probe against scikit-learn, its accuracy, and what choosing labels is worth."""

import csv
import json

import numpy as np
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression

from measuring import Skipped, clock, require, take_turns, version
from program import ProgramError

C = 10
EQUAL = 1e-4  # of the loss, above scikit-learn's newton-cg at tol 1e-9
ITEMS, DIMENSIONS, CLASSES = 10_000, 768, 10
NEW_LABELS = 100
SEEDS = 10
FIRST, ROUND, IN_ALL = 50, 50, 200
TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)


def made_vectors(count):
    """Unit rows about a centre for each class, with a spectrum that falls and a common part, as embeddings have; a tenth
    of the labels are others."""
    rng = np.random.default_rng(1)
    scale = (1 + np.arange(DIMENSIONS, dtype=np.float32)) ** -0.5
    labels = rng.integers(0, CLASSES, count)
    vectors = rng.standard_normal((count, DIMENSIONS), dtype=np.float32) * scale
    centres = rng.standard_normal((CLASSES, DIMENSIONS), dtype=np.float32) * scale
    vectors += 0.35 * centres[labels] + 0.6 * scale
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    other = rng.random(count) < 0.1
    labels[other] = rng.integers(0, CLASSES, other.sum())
    return np.ascontiguousarray(vectors), labels


def loss(vectors, labels, weights, bias):
    """Mean cross-entropy + |W|^2 / (2 C n), in double precision."""
    scores = vectors.astype(np.float64) @ weights.astype(np.float64).T + bias
    scores -= scores.max(1, keepdims=True)
    own = scores[np.arange(len(labels)), labels]
    entropy = (np.log(np.exp(scores).sum(1)) - own).mean()
    return entropy + (weights.astype(np.float64) ** 2).sum() / (2 * C * len(labels))


def write_labels(path, ids, labels):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows(zip(ids, labels))


class Fits:
    """Our linear probe through the program; names of classes are such that their order is that of the numbers."""

    def __init__(self, bench, vectors, name):
        self.bench, self.vectors, self.name = bench, vectors, name
        self.file = bench.folder / f"{name}.npy"
        np.save(self.file, vectors)
        self.out = bench.folder / f"{name}_helper"

    def fit(self, items, labels, *flags):
        """The summary of a run; the labels are `labels[items]`."""
        path = self.bench.folder / f"{self.name}_labels.csv"
        write_labels(path, items, [f"c{labels[k]:03}" for k in items])
        return json.loads(self.bench.run("train", "helper", self.file, "--labels", path, "--out", self.out, "--c", C,
                                         "--folds", 0, "--json", "--quiet", "--threads", self.bench.threads, *flags))

    def weights(self):
        tensors = load_file(self.out / "helper.safetensors")
        return tensors["layers.0.weight"], tensors["layers.0.bias"]


def loosest(vectors, labels, least):
    """The largest tolerance with which scikit-learn's lbfgs gets there."""
    for tolerance in TOLERANCES:
        model = LogisticRegression(C=C, tol=tolerance, max_iter=10_000).fit(vectors, labels)
        if loss(vectors, labels, model.coef_, model.intercept_) <= least + EQUAL:
            return tolerance
    raise AssertionError("scikit-learn's lbfgs does not get there")


def probe(bench):
    vectors, labels = made_vectors(bench.size(ITEMS, 1_000))
    fits = Fits(bench, vectors, "probe")
    everything = range(len(vectors))
    best = LogisticRegression(C=C, tol=1e-9, solver="newton-cg", max_iter=1_000).fit(vectors, labels)
    least = loss(vectors, labels, best.coef_, best.intercept_)
    fits.fit(everything, labels, "--overwrite")
    above = loss(vectors, labels, *fits.weights()) - least
    require(abs(above) <= EQUAL, f"our loss is {above:.2e} above scikit-learn's newton-cg")
    before = len(vectors) - NEW_LABELS
    fits.fit(range(before), labels, "--overwrite")
    fits.fit(everything, labels, "--update")
    above = loss(vectors, labels, *fits.weights()) - least
    require(abs(above) <= EQUAL, f"after an update our loss is {above:.2e} above scikit-learn's newton-cg")
    if bench.quick:
        return
    tolerance = loosest(vectors, labels, least)
    peer = clock(lambda: LogisticRegression(C=C, tol=tolerance, max_iter=10_000).fit(vectors, labels))

    def warm():
        fits.fit(range(before), labels, "--overwrite")
        return fits.fit(everything, labels, "--update")["fit_seconds"]

    sides = {"cold": (1, lambda: fits.fit(everything, labels, "--overwrite")["fit_seconds"]), "warm": (1, warm),
             "peer": (1, peer)}
    runs = take_turns(bench, sides)
    work = f"linear probe, {len(vectors):,} x {DIMENSIONS}, {CLASSES} classes, C = {C}"
    against = f"scikit-learn lbfgs, tol {tolerance:g}"
    note = f"{bench.threads} threads a side; both within {EQUAL:g} of newton-cg's loss"
    bench.add_row("probe", work, 20, "s", runs["cold"], runs["peer"], against, version("scikit-learn"), note)
    bench.add_row("probe@warm", f"{work}, {NEW_LABELS} labels more", 20, "s", runs["warm"], runs["peer"], against,
                  version("scikit-learn"), f"{note}; ours from the earlier solution, the peer anew")


def probe_gpu(bench):
    """The same by LibTorch on a GPU, beside the same peer on the CPU. Each run fits three times, the last of which counts:
    what the first use of a device costs is paid by then."""
    vectors, labels = made_vectors(bench.size(ITEMS, 1_000))
    fits = Fits(bench, vectors, "probe_gpu")
    everything = range(len(vectors))
    flags = ("--device", "cuda", "--folds", 2, "--overwrite")
    try:
        fits.fit(everything, labels, *flags)
    except ProgramError as error:
        if "'cuda'" not in str(error):
            raise
        raise Skipped(f"never run on a GPU: {str(error).rsplit(': ', 1)[-1]}") from error
    best = LogisticRegression(C=C, tol=1e-9, solver="newton-cg", max_iter=1_000).fit(vectors, labels)
    least = loss(vectors, labels, best.coef_, best.intercept_)
    above = loss(vectors, labels, *fits.weights()) - least
    require(abs(above) <= EQUAL, f"on the GPU our loss is {above:.2e} above scikit-learn's newton-cg")
    if bench.quick:
        return
    tolerance = loosest(vectors, labels, least)
    peer = clock(lambda: LogisticRegression(C=C, tol=tolerance, max_iter=10_000).fit(vectors, labels))
    runs = take_turns(bench, {"ours": (1, lambda: fits.fit(everything, labels, *flags)["fit_seconds"]), "peer": (1, peer)})
    bench.add_row("probe_gpu", f"linear probe, {len(vectors):,} x {DIMENSIONS}, {CLASSES} classes, C = {C}, on a GPU", 20, "s",
                  runs["ours"], runs["peer"], f"scikit-learn lbfgs, tol {tolerance:g}", version("scikit-learn"),
                  f"ours on the GPU, copying the vectors there included; the peer on {bench.threads} threads")


def embedded(bench, part):
    """Vectors and classes of the clothing photos of a part."""
    folder = bench.photo_folder(part)
    out = bench.folder / f"{part}.npy"
    if not out.exists():
        bench.run("embed", folder, "--out", out, "--quiet", "--threads", bench.threads)
    with open(out.with_suffix(".csv"), newline="") as file:
        names = [row["path"].split("/")[0] for row in csv.DictReader(file)]
    classes = sorted(set(names))
    return np.load(out), np.array([classes.index(name) for name in names])


def share_right(fits, vectors, labels):
    """Classes that the training labels lack count as wrong: the helper's classes are named by their numbers."""
    about = json.loads((fits.out / "helper.json").read_text())
    known = np.array([int(name[1:]) for name in about["classes"]])
    weights, bias = fits.weights()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float((known[(unit @ weights.T + bias).argmax(1)] == labels).mean())


def accuracy(bench):
    """Clothing photos of the test split, by a helper of all training photos."""
    vectors, labels = embedded(bench, "train")
    tested, truth = embedded(bench, "test")
    fits = Fits(bench, vectors, "accuracy")
    fits.fit(range(len(vectors)), labels, "--overwrite")
    ours = 100 * share_right(fits, tested, truth)
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vectors, tested)]
    peer = 100 * LogisticRegression(C=C, max_iter=10_000).fit(unit[0], labels).score(unit[1], truth)
    bench.add_score("accuracy", f"clothing photos, {len(vectors):,} to learn from, {len(tested)} to test", 89, "%", ours,
                    peer, ours, "scikit-learn on the same vectors", version("scikit-learn"),
                    "the score is our share of right test photos")


def few(bench):
    """The same with 200 labels: chosen in rounds, or drawn at random."""
    vectors, labels = embedded(bench, "train")
    tested, truth = embedded(bench, "test")
    fits = Fits(bench, vectors, "few")
    chosen, drawn = [], []
    for seed in range(bench.size(SEEDS, 1)):
        order = [int(k) for k in np.random.default_rng(seed).permutation(len(vectors))]
        fits.fit(order[:IN_ALL], labels, "--overwrite", "--next", 0)
        drawn.append(share_right(fits, tested, truth))
        known = order[:FIRST]
        while True:
            fits.fit(known, labels, "--overwrite", "--next", ROUND, "--seed", seed)
            if len(known) >= IN_ALL:
                break
            with open(fits.out / "next.csv", newline="") as file:
                known = known + [int(row["path"]) for row in csv.DictReader(file)]
        chosen.append(share_right(fits, tested, truth))
    ours, peer = 100 * np.mean(chosen), 100 * np.mean(drawn)
    bench.add_score("few", f"{IN_ALL} labels, {ROUND} a round from a random {FIRST}, by simile's choice", 4, "%", ours, peer,
                    ours - peer, f"{IN_ALL} labels drawn at random, the same helper", "-",
                    f"mean of {len(chosen)} seeds; the score is the difference in points; standard deviations "
                    f"{100 * np.std(chosen):.1f} and {100 * np.std(drawn):.1f}")
