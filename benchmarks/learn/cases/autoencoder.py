# SPDX-License-Identifier: Apache-2.0
"""What an autoencoder's features are worth: NMI against the true classes of k-means (scikit-learn) on the vectors of
networks trained with each loss, beside that on raw pixels of the same size."""

import csv
import gzip
import pathlib
import statistics
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

from measuring import version

LOSSES = {"mse": [], "l1": [], "perceptual": ["--perceptual-model", "tf_efficientnet_lite0"]}
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
SEEDS = 3
EPOCHS = 15


def _nmi(rows, classes):
    """Mean over seeds, k = the number of classes."""
    count = len(set(classes))
    return statistics.mean(
        normalized_mutual_info_score(classes, KMeans(count, n_init=5, random_state=seed).fit_predict(rows))
        for seed in range(SEEDS))


def _fashion_mnist(bench):
    count = bench.size(4_000, 200)
    with gzip.open(FASHION / "t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)[:count]
    with gzip.open(FASHION / "t10k-labels-idx1-ubyte.gz") as file:
        classes = np.frombuffer(file.read(), np.uint8, offset=8)[:count]
    path = bench.folder / "fashion.npy"
    np.save(path, images)
    return path, 32, lambda ids: [int(classes[int(each)]) for each in ids]


def _clothing(bench):
    return bench.photo_folder("train"), 64, lambda ids: [pathlib.PurePath(each).parts[-2] for each in ids]


def _read(npy):
    with open(npy.with_suffix(".csv"), newline="") as table:
        ids = [row["path"] for row in csv.DictReader(table)]
    values = np.load(npy)
    return values.reshape(len(values), -1).astype(np.float32), ids


def _study(bench, name, source, side, classes_of):
    npy = bench.folder / f"{name}.npy"
    bench.run("features", source, "--method", "template", "--size", side, "--out", npy, "--overwrite", "--quiet", "--no-cache")
    rows, ids = _read(npy)
    classes = classes_of(ids)
    red, green, blue = (rows[:, channel::3] for channel in range(3))
    grey = np.array_equal(red, green) and np.array_equal(red, blue)  # the same clusters, from a third of the values
    pixels = _nmi((red if grey else rows) / 255, classes)
    for loss, extra in LOSSES.items():
        model = bench.folder / f"{name}_{loss}"
        start = time.perf_counter()
        bench.run("train", "autoencoder", source, "--loss", loss, *extra, "--size", side, "--epochs",
                  bench.size(EPOCHS, 1), "--batch-size", 64, "--threads", bench.threads, "--out", model, "--grid-every", 0,
                  "--quiet", "--no-cache", "--device", "cpu")
        seconds = time.perf_counter() - start
        rows, _ = bench.embed(source, "--model", model)
        found = _nmi(rows, classes)
        if bench.quick:
            continue
        unit = _nmi(rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9), classes)
        bench.add_score(f"autoencoder@{name}_{loss}",
                        f"NMI of k-means on features of an autoencoder trained by {loss}, {len(rows)} images of {side} px", 0,
                        "NMI", found, pixels, found - pixels, "the same on raw pixels (scikit-learn KMeans)",
                        version("scikit-learn"), f"{EPOCHS} epochs in {seconds:.0f} s, batch 64, seed 0; mean of {SEEDS} "
                        f"seeds of k-means; `ratio` is the difference; on rows of length 1: {unit:.3f}")


def autoencoder(bench):
    _study(bench, "fashion_mnist", *_fashion_mnist(bench))


def autoencoder_photos(bench):
    _study(bench, "clothing", *_clothing(bench))
