# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0 on the CPU against PyTorch: images in memory, and photos from files."""

import contextlib
import json
import time

import numpy as np
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file

from measuring import Skipped, clock, require, take_turns, version

MODEL = "tf_efficientnet_lite0"
SIDE = 224
WHOLE = 256  # shorter side before the middle is cut out
IMAGES = 256
PHOTOS = 512


class Peer:
    """timm's network with the weights that simile uses, and their preprocessing."""

    def __init__(self, bench, channels_last=False, autocast=False):
        about = json.loads(bench.run("model", "info", MODEL, "--json"))
        seen = about["card"]["input"]
        self.mean = torch.tensor(seen["mean"]).view(1, 3, 1, 1)
        self.deviation = torch.tensor(seen["std"]).view(1, 3, 1, 1)
        self.network = timm.create_model(MODEL, pretrained=False, num_classes=0).eval()
        weights = {name: value for name, value in load_file(about["weights_file"]).items() if "classifier" not in name}
        self.network.load_state_dict(weights, strict=False)
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.network = self.network.to(memory_format=self.format)
        self.autocast = autocast

    def embed_batch(self, images):
        """uint8 [b, 224, 224, 3] as a tensor -> float32 [b, 1280]."""
        context = torch.autocast("cpu", torch.bfloat16) if self.autocast else contextlib.nullcontext()
        with torch.inference_mode(), context:
            x = images.permute(0, 3, 1, 2).float().div_(255).sub_(self.mean).div_(self.deviation)
            return self.network(x.contiguous(memory_format=self.format)).float()

    def embed(self, images, batch):
        return torch.cat([self.embed_batch(part) for part in images.split(batch)]).numpy()

    def best_batch(self, images):
        """The fastest of some batch sizes, each tried twice."""
        def seconds(batch):
            part = images[:max(64, batch)]
            return min(clock(lambda: self.embed(part, batch))() / len(part) for _ in range(2))
        return min((1, 4, 8, 16, 32), key=seconds)


def require_same_vectors(ours, peer, least_cosine, mean_cosine=0):
    cosines = (ours * peer).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(peer, axis=1)
    require(cosines.min() >= least_cosine and cosines.mean() >= mean_cosine,
            f"vectors differ: least cosine {cosines.min():.7f}, mean {cosines.mean():.7f}")


def drawn_images(count):
    """uint8 [count, WHOLE, WHOLE, 3]."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (count, 14, 14, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize((WHOLE, WHOLE), Image.BICUBIC)) for each in coarse])


def _embed(bench, name, peers, target, flags, least_cosine):
    """A row for every peer; the first one is the issue's, the others stand beside it."""
    images = drawn_images(bench.size(IMAGES, 16))
    np.save(bench.folder / "images.npy", images)
    ours = lambda: bench.embed(bench.folder / "images.npy", *flags)[1]
    vectors = bench.embed(bench.folder / "images.npy", *flags)[0]
    margin = (WHOLE - SIDE) // 2
    tensor = torch.from_numpy(images[:, margin:margin + SIDE, margin:margin + SIDE].copy())
    require_same_vectors(vectors, Peer(bench).embed(tensor, 8), least_cosine)
    if bench.quick:
        return
    sides = {"ours": (len(images), ours)}
    batches = {}
    for label, (peer, _) in peers.items():
        batches[label] = peer.best_batch(tensor)
        sides[label] = (len(images), clock(lambda peer=peer, label=label: peer.embed(tensor, batches[label])))
    runs = take_turns(bench, sides)
    for label, (_, label_target) in peers.items():
        row = name if label == next(iter(peers)) else f"{name}@{label.replace(' ', '_')}"
        bench.add_row(row, f"EfficientNet-Lite0, {SIDE} px, {len(images)} images in memory, {' '.join(flags) or 'fp32'}",
                      label_target, "images/s", runs["ours"], runs[label], f"PyTorch {label} (timm {MODEL})",
                      version("torch"), f"{bench.threads} threads a side; peer's best batch {batches[label]}; "
                      "pixels to vectors, loading not timed")


def embed(bench):
    _embed(bench, "embed", {"eager": (Peer(bench), 2.3), "eager channels-last": (Peer(bench, channels_last=True), 1.7)},
           2.3, (), 0.999999)


def embed_bf16(bench):
    flags = open("/proc/cpuinfo").read() if torch.backends.mkldnn.is_available() else ""
    if "avx512_bf16" not in flags and "amx_bf16" not in flags:
        raise Skipped("this CPU has no bf16 arithmetic")
    _embed(bench, "embed_bf16",
           {"eager": (Peer(bench), 4.5),
            "eager autocast bf16 channels-last": (Peer(bench, channels_last=True, autocast=True), 1.8)},
           4.5, ("--precision", "bf16"), 0.999)


class Photos(torch.utils.data.Dataset):
    def __init__(self, paths):
        self.paths = paths
        self.fit = torchvision.transforms.Compose([torchvision.transforms.Resize(WHOLE), torchvision.transforms.CenterCrop(SIDE)])

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, k):
        return np.array(self.fit(Image.open(self.paths[k]).convert("RGB")))  # a copy, which torch may write to


def embed_files(bench):
    paths = sorted(bench.photo_folder("train").rglob("*.jpg"))[:bench.size(PHOTOS, 16)]
    listing = bench.folder / "photos.txt"
    listing.write_text("".join(f"{path}\n" for path in paths))
    peers = {"eager channels-last": Peer(bench, channels_last=True)}

    def through_loader(peer, workers, batch):
        loader = torch.utils.data.DataLoader(Photos(paths), batch_size=batch, num_workers=workers)
        return torch.cat([peer.embed_batch(images) for images in loader]).numpy()
    vectors, _ = bench.embed(listing)
    peer = peers["eager channels-last"]
    require_same_vectors(vectors, through_loader(peer, 0, 8), 0.9, 0.98)  # resizing differs
    if bench.quick:
        return
    found = {(workers, batch): clock(lambda: through_loader(peer, workers, batch))()
             for workers in (0, 1, 2) for batch in (8, 32)}
    workers, batch = min(found, key=found.get)
    time.sleep(1)
    runs = take_turns(bench, {"ours": (len(paths), lambda: bench.embed(listing)[1]),
                              "peer": (len(paths), clock(lambda: through_loader(peer, workers, batch)))})
    bench.add_row("embed_files", f"EfficientNet-Lite0, {SIDE} px, {len(paths)} JPEGs (most 400x533)", 1.5, "images/s",
                  runs["ours"], runs["peer"], "PyTorch eager channels-last behind a DataLoader (Pillow, torchvision)",
                  version("torch"), f"{bench.threads} threads a side; peer's best of 0 to 2 workers and batches of 8 and "
                  f"32: {workers} workers, {batch}; files in the page cache; no cache of ours")
