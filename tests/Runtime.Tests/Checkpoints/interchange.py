"""The PyTorch side of the checkpoint tests, with a reader and a writer of safetensors in a few lines.

load PATH           loads a file, a folder with an index, or a folder of parts into the model; prints weights and output
save FORM PATH      saves the model as a file, a folder with an index, or parts; prints weights and output
continue FOLDER     loads model and AdamW's state of a checkpoint, makes one step; prints weights
"""
import json
import os
import struct
import sys

import torch

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read_file(path):
    """The tensors of a file and its metadata."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    assert all(isinstance(value, str) for value in metadata.values()), "metadata are text"
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        count = (end - begin) // torch.tensor([], dtype=dtype).element_size()
        flat = torch.frombuffer(data, dtype=dtype, count=count, offset=begin) if count else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors, metadata


def write_file(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, bytearray()
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def read_parts(folder):
    """Whole tensors from parts, as torch.distributed.checkpoint's HuggingFaceStorageReader lays them out from the metadata."""
    boxes = {}
    for name in sorted(os.listdir(folder)):
        assert name.startswith("shard-") and name.endswith("-model-00001-of-00001.safetensors"), name
        tensors, metadata = read_file(os.path.join(folder, name))
        assert metadata["format"] == "pt" and float(metadata["DCP_VERSION"]) == 1.0
        info = json.loads(metadata["DCP_SHARDING_INFO"])
        assert info.keys() == tensors.keys()
        for key, tensor in tensors.items():
            assert list(info[key]) == ["saved_offsets"]
            boxes.setdefault(key, []).append((info[key]["saved_offsets"], tensor))
    whole = {}
    for key, parts in boxes.items():
        size = [max(offset[dim] + part.shape[dim] for offset, part in parts) for dim in range(parts[0][1].dim())]
        whole[key] = torch.empty(size, dtype=parts[0][1].dtype)
        assert sum(part.numel() for _, part in parts) == whole[key].numel(), key
        for offset, part in parts:
            whole[key][tuple(slice(o, o + n) for o, n in zip(offset, part.shape))] = part
    return whole


def read(path):
    if os.path.isfile(path):
        return read_file(path)[0]
    index = os.path.join(path, "model.safetensors.index.json")
    if not os.path.exists(index):
        return read_parts(path)
    with open(index) as file:
        content = json.load(file)
    state = {}
    for name in sorted(set(content["weight_map"].values())):
        tensors, _ = read_file(os.path.join(path, name))
        assert all(content["weight_map"][key] == name for key in tensors)
        state.update(tensors)
    assert state.keys() == content["weight_map"].keys()
    assert sum(t.numel() * t.element_size() for t in state.values()) == content["metadata"]["total_size"]
    return state


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(11, 6)
        self.linear = torch.nn.Linear(6, 4)
        self.norm = torch.nn.LayerNorm(4)
        self.register_buffer("counts", torch.arange(3))

    def forward(self, ids):
        return self.norm(self.linear(self.embedding(ids).mean(1)))


def show(net):
    with torch.no_grad():
        output = net(torch.tensor([[1, 2, 3], [7, 8, 9]]))
    weights = {name: p.detach().double().flatten().tolist() for name, p in net.named_parameters()}
    print(json.dumps({"weights": weights, "output": output.double().flatten().tolist()}))


def load(path):
    net = Net()
    net.load_state_dict(read(path), strict=True)
    show(net)


def save(form, path):
    torch.manual_seed(5)
    net = Net()
    state = net.state_dict()
    if form == "file":
        write_file(path, state, {"format": "pt"})
    elif form == "folder":
        os.mkdir(path)
        names = list(state)
        files = {"model-00001-of-00002.safetensors": names[:2], "model-00002-of-00002.safetensors": names[2:]}
        for file, keys in files.items():
            write_file(os.path.join(path, file), {key: state[key] for key in keys}, {"format": "pt"})
        index = {"metadata": {"total_size": 1}, "weight_map": {key: file for file, keys in files.items() for key in keys}}
        with open(os.path.join(path, "model.safetensors.index.json"), "w") as file:
            json.dump(index, file)
    else:
        # Three ranks, matrices split on their first dim by the chunk rule, the rest on the first rank.
        os.mkdir(path)
        for rank in range(3):
            parts, info = {}, {}
            for key, tensor in state.items():
                chunks = torch.chunk(tensor, 3) if tensor.dim() == 2 else (tensor,)
                if rank < len(chunks):
                    parts[key] = chunks[rank]
                    first = sum(chunk.shape[0] for chunk in chunks[:rank])
                    info[key] = {"saved_offsets": [first] + [0] * (tensor.dim() - 1)}
            metadata = {"format": "pt", "DCP_VERSION": "1.0", "DCP_SHARDING_INFO": json.dumps(info)}
            write_file(os.path.join(path, f"shard-{rank + 1:05}-model-00001-of-00001.safetensors"), parts, metadata)
    show(net)


def go_on(folder):
    net = Net()
    net.load_state_dict(read_parts(os.path.join(folder, "model")), strict=True)
    moments = read_parts(os.path.join(folder, "optimizer"))
    with open(os.path.join(folder, "state.json")) as file:
        saved = json.load(file)["optimizer"]
    options = saved["groups"][0]["options"]
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=options["LearningRate"], betas=(options["beta1"], options["beta2"]), eps=options["eps"], weight_decay=options["weight_decay"])
    state = {}
    for i, (name, _) in enumerate(net.named_parameters()):
        fields = {field: moments[f"state.{name}.{field}"] for field in saved["state"][name]["tensors"]}
        state[i] = {"step": torch.tensor(float(saved["state"][name]["values"]["step"])), **fields}
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    for parameter in net.parameters():
        parameter.grad = torch.full_like(parameter, 0.1)
    optimizer.step()
    show(net)


if __name__ == "__main__":
    {"load": load, "save": save, "continue": go_on}[sys.argv[1]](*sys.argv[2:])
