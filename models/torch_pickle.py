# SPDX-License-Identifier: Apache-2.0
"""Reads the tensors of a file that torch.save wrote in its format before version 1.6, without PyTorch.

A pickle is a program. This reader runs none: it knows the four names that such a file needs, and refuses all others.
The file: five pickles (a magic number, a version, a dict about the machine, the state dict, the list of storages), then
the storages' values in the order of that list, each behind its number of values.
"""

import io
import itertools
import math
import pickle
import struct
from collections import OrderedDict
from typing import NamedTuple

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
STORAGES = {"FloatStorage": ("F32", 4), "LongStorage": ("I64", 8)}  # name -> (type, bytes of a value)


class Tensor(NamedTuple):
    dtype: str  # as safetensors calls it
    shape: tuple
    data: bytes  # row-major, little-endian


class _Storage(NamedTuple):
    key: str
    dtype: str
    width: int
    count: int


class _Reference(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple
    stride: tuple


class _StateDict(OrderedDict):
    def __setstate__(self, state):
        if not isinstance(state, dict) or set(state) - {"_metadata"}:
            raise ValueError("the state dict sets more than its _metadata")


def _is_size(value):
    return type(value) is int and 0 <= value < 2**40


def _rebuild_tensor(storage, offset, shape, stride, requires_grad=False, hooks=None):
    if not isinstance(storage, _Storage) or not _is_size(offset) or type(shape) is not tuple or len(shape) > 8:
        raise ValueError("a tensor is made of something else")
    if not all(map(_is_size, shape)) or hooks:
        raise ValueError("a tensor has a wrong shape or hooks")
    if type(stride) is not tuple or len(stride) != len(shape) or not all(map(_is_size, stride)):
        raise ValueError("a tensor has a wrong stride")
    if math.prod(shape) > storage.count:  # nor would it be read in any useful time
        raise ValueError("a tensor repeats values of its storage")
    last = offset + sum((extent - 1) * step for extent, step in zip(shape, stride))
    if 0 not in shape and last >= storage.count:
        raise ValueError("a tensor leaves its storage")
    return _Reference(storage, offset, shape, stride)


class _Unpickler(pickle.Unpickler):
    """Gives harmless values only: plain ones, state dicts, storages and references to them."""

    NAMES = {
        ("collections", "OrderedDict"): _StateDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): "FloatStorage",
        ("torch", "LongStorage"): "LongStorage",
    }

    def find_class(self, module, name):
        if (module, name) not in self.NAMES:
            raise ValueError(f"it wants {module}.{name}, which is not allowed")
        return self.NAMES[module, name]

    def persistent_load(self, identity):
        if type(identity) is not tuple or len(identity) != 6:
            raise ValueError("a storage has a wrong id")
        tag, kind, key, device, count, view = identity
        if tag != "storage" or kind not in STORAGES or type(key) is not str or device != "cpu" or not _is_size(count):
            raise ValueError("a storage has a wrong id")
        if view is not None:
            raise ValueError("a storage is a view")
        return _Storage(key, *STORAGES[kind], count)


def _next(file):
    try:
        return _Unpickler(file).load()
    except ValueError:
        raise
    except Exception as error:  # whatever a damaged pickle makes of it
        raise ValueError(f"a pickle is damaged: {error}") from error


def _values(file, storage):
    head = file.read(8)
    if len(head) != 8 or struct.unpack("<q", head)[0] != storage.count:
        raise ValueError(f"storage {storage.key} does not have its {storage.count} values")
    data = file.read(storage.count * storage.width)
    if len(data) != storage.count * storage.width:
        raise ValueError(f"storage {storage.key} is cut short")
    return data


def _row_major(values, reference):
    """The tensor's bytes in row-major order; `values`: those of its storage."""
    cells = memoryview(values).cast({4: "I", 8: "Q"}[reference.storage.width])
    if 0 in reference.shape:
        return b""
    axes = [(extent, step) for extent, step in zip(reference.shape, reference.stride) if extent > 1] or [(1, 1)]
    *outer, (count, step) = axes
    pieces = []
    for places in itertools.product(*(range(extent) for extent, _ in outer)):
        begin = reference.offset + sum(place * wide for place, (_, wide) in zip(places, outer))
        # A step of 0 repeats one value.
        row = cells[begin : begin + (count - 1) * step + 1 : step] if step else cells[begin : begin + 1]
        pieces.append(row.tobytes() * (1 if step else count))
    return b"".join(pieces)


def read(data):
    """The state dict in `data` (bytes) as {name: Tensor}; ValueError saying what is wrong with it."""
    file = io.BytesIO(data)
    if _next(file) != MAGIC or _next(file) != VERSION:
        raise ValueError("not a file of torch.save in its old format")
    machine = _next(file)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError("it was written by a big-endian machine")
    state = _next(file)
    keys = _next(file)
    if not isinstance(state, _StateDict) or not all(
        type(name) is str and isinstance(value, _Reference) for name, value in state.items()
    ):
        raise ValueError("it is not a state dict of tensors")
    storages = {}
    for reference in state.values():
        if storages.setdefault(reference.storage.key, reference.storage) != reference.storage:
            raise ValueError(f"storage {reference.storage.key} has two descriptions")
    if not isinstance(keys, list) or len(keys) != len(storages) or set(keys) != set(storages):
        raise ValueError("the list of storages is not that of the tensors")
    values = {key: _values(file, storages[key]) for key in keys}
    if file.read(1):
        raise ValueError("bytes follow the last storage")
    tensors = {}
    for name, reference in state.items():
        data = _row_major(values[reference.storage.key], reference)
        tensors[name] = Tensor(reference.storage.dtype, reference.shape, data)
    return tensors
