# SPDX-License-Identifier: Apache-2.0
"""What fine-tuning is worth: right test photos by a network trained on the labels, beside a linear probe on the vectors
of the network that it began with."""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression

from cases.helper import C, embedded
from measuring import version


def finetune(bench):
    vectors, labels = embedded(bench, "train")
    tested, truth = embedded(bench, "test")
    train, test = bench.photo_folder("train"), bench.photo_folder("test")
    tuned, after = bench.folder / "tuned", bench.folder / "tuned.npy"
    about = json.loads(bench.run("train", "finetune", train, "--labels", "folders", "--out", tuned, "--held-out", 0,
                                 "--epochs", bench.size(8, 1), "--threads", bench.threads, "--device", "cpu",
                                 "--overwrite", "--quiet", "--json"))
    bench.run("embed", test, "--model", tuned, "--out", after, "--overwrite", "--quiet", "--threads", bench.threads)
    found = json.loads(bench.run("predict", after, "--model", tuned, "--out", bench.folder / "predictions.csv", "--truth",
                                 "folders", "--overwrite", "--quiet", "--json"))
    ours = 100 * found["right"] / found["judged"]
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (vectors, tested)]
    peer = 100 * LogisticRegression(C=C, max_iter=10_000).fit(unit[0], labels).score(unit[1], truth)
    bench.add_score("finetune", f"clothing photos, {len(vectors):,} to learn from, {len(tested)} to test", 0, "%", ours,
                    peer, ours - peer, "scikit-learn on vectors of the network before", version("scikit-learn"),
                    f"`ratio` is the difference; the last {about['stages']} stages, {about['parameters_trained']:,} of "
                    f"{about['parameters']:,} parameters, in {about['fit_seconds']:.0f} s on {bench.threads} threads")
