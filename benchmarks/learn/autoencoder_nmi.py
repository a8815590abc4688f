# SPDX-License-Identifier: Apache-2.0
"""What an autoencoder's features are worth: NMI against the true classes of k-means (scikit-learn) on the embeddings of
networks trained with each loss, beside that on raw pixels of the same size. Needs `simile embed`.

    python benchmarks/learn/autoencoder_nmi.py --program build/release/simile --photos CLOTHING --json nmi.json
"""

import argparse
import csv
import gzip
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

LOSSES = {"mse": [], "l1": [], "perceptual": ["--perceptual-model", "tf_efficientnet_lite0"]}
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")


def run(*words):
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)


def nmi(rows, classes, seeds):
    """Mean over seeds, k = the number of classes."""
    count = len(set(classes))
    return statistics.mean(
        normalized_mutual_info_score(classes, KMeans(count, n_init=5, random_state=seed).fit_predict(rows))
        for seed in range(seeds))


def fashion_mnist(folder, count):
    """The first images of the test set as a .npy, and their classes."""
    with gzip.open(FASHION / "t10k-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)[:count]
    with gzip.open(FASHION / "t10k-labels-idx1-ubyte.gz") as file:
        classes = np.frombuffer(file.read(), np.uint8, offset=8)[:count]
    path = folder / "fashion.npy"
    np.save(path, images)
    return path, 32, lambda ids: [int(classes[int(each)]) for each in ids]


def clothing(photos):
    return pathlib.Path(photos), 64, lambda ids: [pathlib.PurePath(each).parts[-2] for each in ids]


def read_features(npy):
    with open(npy.with_suffix(".csv"), newline="") as table:
        ids = [row["path"] for row in csv.DictReader(table)]
    values = np.load(npy)
    return values.reshape(len(values), -1).astype(np.float32), ids


def study(program, name, source, side, classes_of, training, seeds, folder):
    found = {}
    pixels = folder / f"{name}_pixels.npy"
    run(program, "features", source, "--method", "template", "--size", side, "--out", pixels, "--overwrite", "--quiet")
    rows, ids = read_features(pixels)
    found["pixels"] = {"nmi": nmi(rows / 255, classes_of(ids), seeds)}
    for loss, extra in LOSSES.items():
        model = folder / f"{name}_{loss}"
        start = time.perf_counter()
        run(program, "train", "autoencoder", source, "--loss", loss, *extra, "--size", side, *training, "--out", model,
            "--grid-every", "0", "--quiet")
        seconds = time.perf_counter() - start
        npy = folder / f"{name}_{loss}.npy"
        run(program, "embed", source, "--model", model, "--out", npy, "--overwrite", "--quiet")
        rows, ids = read_features(npy)
        found[loss] = {"nmi": nmi(rows, classes_of(ids), seeds), "train_s": seconds,
                       "unit_rows_nmi": nmi(rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9),
                                            classes_of(ids), seeds)}
        print(name, loss, found[loss], flush=True)
    print(name, "pixels", found["pixels"], flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="build/release/simile")
    parser.add_argument("--photos", help="folder with a folder per class below it; without: Fashion-MNIST only")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fashion", type=int, default=10_000, help="images of Fashion-MNIST")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    training = ["--epochs", arguments.epochs, "--batch-size", arguments.batch_size, "--threads", arguments.threads]
    found = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sets = {"fashion_mnist": fashion_mnist(folder, arguments.fashion)}
        if arguments.photos:
            sets["clothing"] = clothing(arguments.photos)
        for each, (source, side, classes_of) in sets.items():
            found[each] = study(program, each, source, side, classes_of, training, arguments.seeds, folder)
    print(json.dumps(found, indent=2))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
