# SPDX-License-Identifier: Apache-2.0
"""Training an autoencoder against PyTorch eager: the step (64 px, batch 128, images in memory), and from photos on disk,
end to end, against a DataLoader with two workers. The peer runs as its fastest of the variants tried; its network loads
simile's weights and must give simile's validation loss before anything is timed.

    python benchmarks/learn/cases_train.py step --program build/release/simile
    python benchmarks/learn/cases_train.py files --program build/release/simile --photos DIR
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from icas import IcasAutoencoder128

SIDE = 64
BATCH = 128
NUM_IMAGES = 2_560
EPOCHS = 3
VARIANTS = [(channels_last, fused) for channels_last in (False, True) for fused in (False, True)]


def drawn_images(count, seed=1):
    """Smooth colours with noise: [count, SIDE, SIDE, 3]."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    images = [np.asarray(Image.fromarray(each).resize((SIDE, SIDE), Image.BILINEAR)) for each in coarse]
    return np.stack(images)


def train_ours(program, source, out, threads, epochs=EPOCHS, validation=0.0, extra=()):
    """Seconds of the whole run, and the images/s of each epoch's training."""
    command = [program, "train", "autoencoder", source, "--size", str(SIDE), "--batch-size", str(BATCH), "--epochs",
               str(epochs), "--validation", str(validation), "--threads", str(threads), "--grid-every", "0", "--quiet",
               "--no-cache", "--overwrite", "--out", out, *extra]
    start = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    lines = (pathlib.Path(out) / "metrics.jsonl").read_text().splitlines()
    return seconds, [json.loads(line)["images_per_second"] for line in lines]


def to_values(images, channels_last):
    values = images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
    return values if channels_last else values.contiguous()


def make_peer(channels_last, fused):
    torch.manual_seed(0)
    network = IcasAutoencoder128()
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
    return network, torch.optim.Adam(network.parameters(), 1e-3, fused=fused)


def peer_step(network, optimiser, values):
    optimiser.zero_grad()
    loss = torch.nn.functional.mse_loss(network(values), values)
    loss.backward()
    optimiser.step()
    return loss.item()


def peer_epoch(images, network, optimiser, channels_last):
    """Images/s of an epoch over images in memory, shuffled."""
    network.train()
    start = time.perf_counter()
    for rows in torch.randperm(len(images)).split(BATCH):
        peer_step(network, optimiser, to_values(images[rows], channels_last))
    return len(images) / (time.perf_counter() - start)


def require_same_loss(program, path, images, folder, threads):
    """simile's weights in the peer's network give the validation loss that simile tells."""
    out = folder / "check"
    train_ours(program, path, out, threads, epochs=1, validation=0.1)
    with open(out / "split.csv", newline="") as table:
        rows = [k for k, row in enumerate(csv.DictReader(table)) if row["part"] == "validation"]
    told = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])["validation_loss"]
    network = IcasAutoencoder128()
    network.load_state_dict(load_file(out / "model.safetensors"))
    network.eval()
    with torch.no_grad():
        values = to_values(torch.from_numpy(images[rows]), False)
        found = torch.nn.functional.mse_loss(network(values), values).item()
    if abs(found - told) > 1e-4 * told:
        raise SystemExit(f"train: PyTorch finds a validation loss of {found}, simile {told}")


def step(program, threads=2, rounds=5):
    """Rounds of one epoch each, ours and the peer's variants by turns; medians of images/s."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        images = drawn_images(NUM_IMAGES)
        path = folder / "images.npy"
        np.save(path, images)
        require_same_loss(program, path, images, folder, threads)
        tensor = torch.from_numpy(images)
        peers = {variant: make_peer(*variant) for variant in VARIANTS}
        for variant, (network, optimiser) in peers.items():
            peer_epoch(tensor[:BATCH * 4], network, optimiser, variant[0])
        ours, theirs = [], {variant: [] for variant in VARIANTS}
        for _ in range(rounds):
            ours.append(max(train_ours(program, path, folder / "ours", threads, epochs=2)[1]))
            for variant, (network, optimiser) in peers.items():
                theirs[variant].append(peer_epoch(tensor, network, optimiser, variant[0]))
    medians = {variant: statistics.median(values) for variant, values in theirs.items()}
    best = max(medians, key=medians.get)
    plain = medians[(False, False)]
    return {"ours_images_per_s": statistics.median(ours), "ours_step_ms": 1e3 * BATCH / statistics.median(ours),
            "eager_images_per_s": plain, "best_peer_images_per_s": medians[best],
            "best_peer": {"channels_last": best[0], "fused_adam": best[1]},
            "ratio_to_eager": statistics.median(ours) / plain,
            "ratio_to_best_peer": statistics.median(ours) / medians[best]}


class Photos(torch.utils.data.Dataset):
    """Photos as a PyTorch pipeline reads them."""

    def __init__(self, folder):
        self.files = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        image = Image.open(self.files[index])
        image.draft("RGB", (SIDE, SIDE))  # reduced decoding, as ours
        image = image.convert("RGB").resize((SIDE, SIDE), Image.BOX)
        return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).to(torch.float32).div_(255)


def peer_from_files(folder, threads, epochs=EPOCHS):
    torch.set_num_threads(threads)
    network, optimiser = make_peer(True, True)
    loader = torch.utils.data.DataLoader(Photos(folder), BATCH, shuffle=True, num_workers=2, persistent_workers=True)
    start = time.perf_counter()
    network.train()
    for _ in range(epochs):
        for values in loader:
            peer_step(network, optimiser, values.contiguous(memory_format=torch.channels_last))
    return time.perf_counter() - start


def files(program, photos, threads=2, rounds=3):
    """Whole runs over a folder of photos, by turns; ours includes starting the program and writing the model."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(rounds):
            ours.append(train_ours(program, photos, pathlib.Path(name) / "ours", threads)[0])
            theirs.append(peer_from_files(photos, threads))
    return {"epochs": EPOCHS, "ours_s": statistics.median(ours), "peer_s": statistics.median(theirs),
            "ratio": statistics.median(theirs) / statistics.median(ours)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=["step", "files"])
    parser.add_argument("--program", default="build/release/simile")
    parser.add_argument("--photos")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    if arguments.case == "step":
        found = step(program, arguments.threads, arguments.rounds)
    else:
        found = files(program, arguments.photos, arguments.threads, arguments.rounds)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
