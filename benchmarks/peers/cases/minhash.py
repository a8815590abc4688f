# SPDX-License-Identifier: Apache-2.0
"""Share of equal minima, against datasketch pair by pair."""

import numpy as np
from datasketch import MinHash

import inputs
from cases import pairwise
from harness import version


def minhash(bench):
    signatures = inputs.signatures(bench.size(20_000, 500), seed=5)
    path = bench.folder / "minhash.npy"
    theirs = [MinHash(num_perm=128, hashvalues=row, scheme="affine32") for row in signatures]

    def save(items):
        np.save(path, signatures[items])
        return {"method": "minhash", "file": path}

    pairwise.run(bench, pairwise.Pairwise(
        name="minhash", work=f"MinHash, 128 permutations, all pairs of {len(signatures)} signatures",
        targets=lambda simd: 100, num_items=len(signatures), save=save,
        score=lambda i, j: theirs[i].jaccard(theirs[j]), threshold=0.5, tolerance=0.0,
        peer_name="datasketch MinHash.jaccard", peer_version=version("datasketch"), flags="signatures given to both",
        sample=200_000, check_items=np.arange(bench.size(400, 100)), threads=bench.threads))
