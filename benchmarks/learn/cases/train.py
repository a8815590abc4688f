# SPDX-License-Identifier: Apache-2.0
"""Training an autoencoder against PyTorch eager: the step with images in memory, and from photos on disk, end to end,
against a DataLoader with two workers. The peer's network loads simile's weights and must give simile's validation loss
before anything is timed."""

import csv
import json

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from icas import IcasAutoencoder128
from measuring import clock, require, take_turns, version

SIDE = 64
BATCH = 128
EPOCHS = 3
VARIANTS = {"eager": (False, False), "eager channels-last, fused Adam": (True, True)}


def drawn_images(count):
    """Smooth colours: [count, SIDE, SIDE, 3]."""
    coarse = np.random.default_rng(1).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize((SIDE, SIDE), Image.BILINEAR)) for each in coarse])


def _train_ours(bench, source, out, epochs, validation=0.0):
    """What metrics.jsonl says of each epoch."""
    bench.run("train", "autoencoder", source, "--size", SIDE, "--batch-size", BATCH, "--epochs", epochs, "--validation",
              validation, "--threads", bench.threads, "--grid-every", 0, "--quiet", "--no-cache", "--overwrite",
              "--device", "cpu", "--out", out)
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def _to_values(images, channels_last):
    values = images.permute(0, 3, 1, 2).to(torch.float32).div_(255)
    return values if channels_last else values.contiguous()


class Peer:
    def __init__(self, channels_last, fused):
        torch.manual_seed(0)
        self.channels_last = channels_last
        self.network = IcasAutoencoder128().train()
        if channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.network.parameters(), 1e-3, fused=fused)

    def step(self, values):
        self.optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(self.network(values), values)
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def epoch(self, images):
        for rows in torch.randperm(len(images)).split(BATCH):
            self.step(_to_values(images[rows], self.channels_last))


def _require_same_loss(bench, path, images):
    out = bench.folder / "check"
    told = _train_ours(bench, path, out, 1, validation=0.1)[-1]["validation_loss"]
    with open(out / "split.csv", newline="") as table:
        rows = [k for k, row in enumerate(csv.DictReader(table)) if row["part"] == "validation"]
    network = IcasAutoencoder128()
    network.load_state_dict(load_file(out / "model.safetensors"))
    network.eval()
    with torch.no_grad():
        values = _to_values(torch.from_numpy(images[rows]), False)
        found = torch.nn.functional.mse_loss(network(values), values).item()
    require(abs(found - told) <= 1e-4 * told, f"train: PyTorch finds a validation loss of {found}, simile {told}")


def train(bench):
    images = drawn_images(bench.size(1_280, 256))
    path = bench.folder / "images.npy"
    np.save(path, images)
    _require_same_loss(bench, path, images)
    if bench.quick:
        return
    tensor = torch.from_numpy(images)
    peers = {label: Peer(*variant) for label, variant in VARIANTS.items()}

    def ours():  # the second epoch: in the first one, memory is first touched
        return _train_ours(bench, path, bench.folder / "ours", 2)[-1]
    sides = {"ours": (len(images), lambda: len(images) / ours()["images_per_second"])}
    for label, peer in peers.items():
        sides[label] = (len(images), clock(lambda peer=peer: peer.epoch(tensor)))
    runs = take_turns(bench, sides)
    for label in VARIANTS:
        bench.add_row("train" if label == "eager" else "train@channels_last",
                      f"autoencoder of icas, {SIDE} px, batch {BATCH}, {len(images)} images in memory, one epoch", 0.97,
                      "images/s", runs["ours"], runs[label], f"PyTorch {label}", version("torch"),
                      f"{bench.threads} threads a side; forward, backward, Adam")


class Photos(torch.utils.data.Dataset):
    """Photos as a PyTorch pipeline reads them; `reduced`: JPEGs decoded at a smaller size, as ours are."""

    def __init__(self, files, reduced):
        self.files = files
        self.reduced = reduced

    def __len__(self):
        return len(self.files)

    def __getitem__(self, k):
        image = Image.open(self.files[k])
        if self.reduced:
            image.draft("RGB", (SIDE, SIDE))
        image = image.convert("RGB").resize((SIDE, SIDE), Image.BOX)
        return torch.from_numpy(np.array(image)).permute(2, 0, 1).to(torch.float32).div_(255)


def train_files(bench):
    files = sorted(bench.photo_folder("train").rglob("*.jpg"))[:bench.size(1_024, 128)]
    listing = bench.folder / "photos.txt"
    listing.write_text("".join(f"{file}\n" for file in files))

    def peer(reduced):
        network = Peer(channels_last=True, fused=True)
        loader = torch.utils.data.DataLoader(Photos(files, reduced), BATCH, shuffle=True, num_workers=2, persistent_workers=True)
        for _ in range(EPOCHS):
            for values in loader:
                network.step(values.contiguous(memory_format=torch.channels_last))
    if bench.quick:
        return
    images = EPOCHS * len(files)
    runs = take_turns(bench, {
        "ours": (images, clock(lambda: _train_ours(bench, listing, bench.folder / "ours", EPOCHS))),
        "peer": (images, clock(lambda: peer(reduced=True))), "plain": (images, clock(lambda: peer(reduced=False)))})
    work = f"autoencoder of icas, {SIDE} px, batch {BATCH}, {EPOCHS} epochs of {len(files)} JPEGs"
    against = "PyTorch eager channels-last, fused Adam, DataLoader with 2 workers (Pillow"
    note = f"{bench.threads} threads a side; ours from starting the program to the model written, no cache"
    bench.add_row("train_files", work, 2, "images/s", runs["ours"], runs["peer"], f"{against}, reduced decoding)",
                  version("torch"), note)
    bench.add_row("train_files@full_decode", work, 2, "images/s", runs["ours"], runs["plain"],
                  f"{against}, as tutorials decode)", version("torch"), note)
