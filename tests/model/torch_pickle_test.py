# SPDX-License-Identifier: Apache-2.0
"""What models/torch_pickle.py reads and, above all, what it refuses. torch_pickle_test.py FOLDER_OF_MODELS"""

import pickle
import struct
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop())
import convert_efficientnet_lite0  # noqa: E402
import torch_pickle  # noqa: E402


class Global:
    """Pickled as a reference to a name that need not exist here."""

    def __init__(self, module, name):
        self.name = f"c{module}\n{name}\n".encode()


class Storage:
    def __init__(self, kind="FloatStorage", key="0", count=6, device="cpu", view=None):
        self.identity = ("storage", Global("torch", kind), key, device, count, view)


class Call:
    def __init__(self, function, *arguments, state=None):
        self.function, self.arguments, self.state = function, arguments, state


def opcodes(value):
    """Pickle opcodes by hand: a pickler would want the names to exist."""
    if isinstance(value, Global):
        return value.name
    if isinstance(value, Storage):
        return opcodes(value.identity) + pickle.BINPERSID
    if isinstance(value, Call):
        built = opcodes(value.function) + opcodes(value.arguments) + pickle.REDUCE
        return built if value.state is None else built + opcodes(value.state) + pickle.BUILD
    if isinstance(value, tuple):
        return pickle.MARK + b"".join(map(opcodes, value)) + pickle.TUPLE
    if isinstance(value, dict):
        return pickle.EMPTY_DICT + b"".join(opcodes(k) + opcodes(v) + pickle.SETITEM for k, v in value.items())
    return pickle.dumps(value, 2)[2:-1]


def dumped(value):
    return pickle.PROTO + b"\x02" + opcodes(value) + pickle.STOP


REBUILD = Global("torch._utils", "_rebuild_tensor_v2")
DICT = Global("collections", "OrderedDict")


def tensor(storage=None, offset=0, shape=(2, 3), stride=(3, 1), rebuild=REBUILD):
    return Call(rebuild, storage or Storage(), offset, shape, stride, False, Call(DICT))


def state_dict(tensors, state=None):
    built = opcodes(Call(DICT)) + b"".join(opcodes(k) + opcodes(v) + pickle.SETITEM for k, v in tensors.items())
    return pickle.PROTO + b"\x02" + built + (b"" if state is None else opcodes(state) + pickle.BUILD) + pickle.STOP


VALUES = struct.pack("<q6f", 6, 0, 1, 2, 3, 4, 5)


def saved(state, keys=("0",), values=VALUES, magic=torch_pickle.MAGIC, little=True):
    return dumped(magic) + dumped(1001) + dumped({"little_endian": little}) + state + dumped(list(keys)) + values


class TorchPickle(unittest.TestCase):
    def refused(self, data, reason):
        with self.assertRaisesRegex(ValueError, reason):
            torch_pickle.read(data)

    def test_reads_tensors(self):
        data = saved(state_dict({"a": tensor()}, {"_metadata": {}}))
        self.assertEqual(torch_pickle.read(data), {"a": ("F32", (2, 3), VALUES[8:])})

    def test_reads_parts_transposed_ones_and_scalars(self):
        tensors = {
            "part": tensor(offset=2, shape=(2,), stride=(1,)),
            "transposed": tensor(shape=(3, 1, 2), stride=(1, 99, 3)),
            "one": tensor(offset=5, shape=(), stride=()),
            "none": tensor(shape=(0, 3), stride=(3, 1)),
            "again": tensor(shape=(3,), stride=(0,)),
        }
        read = torch_pickle.read(saved(state_dict(tensors)))
        read = {name: struct.unpack(f"<{len(data) // 4}f", data) for name, (_, _, data) in read.items()}
        self.assertEqual(
            read, {"part": (2, 3), "transposed": (0, 3, 1, 4, 2, 5), "one": (5,), "none": (), "again": (0, 0, 0)}
        )

    def test_reads_several_storages_in_the_order_of_their_list(self):
        tensors = {
            "a": tensor(Storage("FloatStorage", "x", 1), shape=(1,), stride=(1,)),
            "b": tensor(Storage("LongStorage", "y", 1), shape=(), stride=()),
        }
        values = struct.pack("<qq", 1, 7) + struct.pack("<qf", 1, 0.5)
        read = torch_pickle.read(saved(state_dict(tensors), ("y", "x"), values))
        self.assertEqual(read["a"], ("F32", (1,), struct.pack("<f", 0.5)))
        self.assertEqual(read["b"], ("I64", (), struct.pack("<q", 7)))

    def test_runs_no_program(self):
        for module, name in [("os", "system"), ("builtins", "eval"), ("torch", "load"), ("collections", "Counter"),
                             ("torch_pickle", "read"), ("builtins", "getattr")]:
            evil = Call(Global(module, name), "touch /tmp/ran")
            self.refused(saved(state_dict({"a": evil})), f"it wants {module}.{name}, which is not allowed")
            self.refused(dumped(evil), f"it wants {module}.{name}")  # not in the first pickle, either
        self.refused(saved(state_dict({"a": tensor()}, {"update": 1})), "sets more than its _metadata")
        self.refused(saved(state_dict({"a": Call(Global("torch", "FloatStorage"), 1)})), "a pickle is damaged")

    def test_refuses_other_files(self):
        good = state_dict({"a": tensor()})
        self.refused(b"", "a pickle is damaged")
        self.refused(b"PK\x03\x04", "a pickle is damaged")
        self.refused(saved(good, magic=1), "not a file of torch.save")
        self.refused(saved(good, little=False), "big-endian")
        self.refused(saved(dumped([1])), "not a state dict")
        self.refused(saved(state_dict({"a": 1})), "not a state dict of tensors")

    def test_refuses_every_truncation(self):
        data = saved(state_dict({"a": tensor()}))
        torch_pickle.read(data)
        for length in range(len(data)):
            with self.assertRaises(ValueError, msg=length):
                torch_pickle.read(data[:length])

    def test_refuses_wrong_storages(self):
        def of(**storage):
            return saved(state_dict({"a": tensor(Storage(**storage))}))

        self.refused(of(kind="LongStorage"), "storage 0 is cut short")
        self.refused(of(device="cuda:0"), "wrong id")
        self.refused(of(count=-1), "wrong id")
        self.refused(of(count=2**62), "wrong id")
        self.refused(of(view=("a", 0, 1)), "is a view")
        self.refused(of(count=7), "does not have its 7 values")
        good = state_dict({"a": tensor()})
        self.refused(saved(good, keys=("1",)), "list of storages")
        self.refused(saved(good, keys=()), "list of storages")
        self.refused(saved(good, keys=("0", "0")), "list of storages")
        self.refused(saved(good, values=VALUES + b"x"), "bytes follow")
        two = {"a": tensor(), "b": tensor(Storage(count=7))}
        self.refused(saved(state_dict(two)), "two descriptions")

    def test_refuses_wrong_tensors(self):
        def of(**changes):
            return saved(state_dict({"a": tensor(**changes)}))

        self.refused(of(offset=1), "leaves its storage")
        self.refused(of(stride=(4, 1)), "leaves its storage")
        self.refused(of(offset=-1), "made of something else")
        self.refused(of(shape=(7,), stride=(0,)), "repeats values")
        self.refused(of(shape=(2**39, 2**39), stride=(0, 0)), "repeats values")
        self.refused(of(shape=(-2, 3)), "wrong shape")
        self.refused(of(stride=(3,)), "wrong stride")
        self.refused(of(stride=(-3, 1)), "wrong stride")
        self.refused(of(shape=(1,) * 9, stride=(1,) * 9), "made of something else")

    def test_names_are_those_of_timm(self):
        names = {
            "_conv_stem.weight": "conv_stem.weight",
            "_bn0.running_mean": "bn1.running_mean",
            "_blocks.0._depthwise_conv.weight": "blocks.0.0.conv_dw.weight",
            "_blocks.0._bn2.bias": "blocks.0.0.bn2.bias",
            "_blocks.2._expand_conv.weight": "blocks.1.1.conv_pw.weight",
            "_blocks.15._bn2.weight": "blocks.6.0.bn3.weight",
            "_bn1.weight": "bn2.weight",
            "_fc.bias": "classifier.bias",
        }
        self.assertEqual({name: convert_efficientnet_lite0.timm_name(name) for name in names}, names)

    def test_writes_as_the_program_does(self):
        # The bytes that tests/model/safetensors_test.cpp expects of the program's writer.
        values = struct.pack("<ff", 1, 2)
        tensors = {
            "b": torch_pickle.Tensor("I64", (1,), values),
            "c": torch_pickle.Tensor("F32", (1, 2), values),
            "a": torch_pickle.Tensor("F32", (2,), values),
        }
        written = convert_efficientnet_lite0.safetensors(tensors, {})
        length = struct.unpack("<Q", written[:8])[0]
        self.assertEqual(length % 8, 0)
        self.assertEqual(
            written[8 : 8 + length].rstrip(),
            b'{"b":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},'
            b'"c":{"dtype":"F32","shape":[1,2],"data_offsets":[16,24]}}',
        )
        self.assertEqual(written[8 + length :], values * 3)


if __name__ == "__main__":
    unittest.main()
