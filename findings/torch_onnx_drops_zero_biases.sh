#!/bin/sh
# torch.onnx.export of PyTorch 2.9 leaves out the biases of convolutions and Linears that are all zero: a fresh network's file has
# fewer parameters than the network, and a file made before training another graph than one made after. The older exporter
# (dynamo=False) keeps them.
# Fails when it no longer does. Wants Python 3.11 and some 8 GB in a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.9.1 onnx==1.23.2 onnxscript==0.7.2
"$folder/venv/bin/python" - 2> /dev/null <<'PYTHON'
import tempfile
import onnx, torch
from torch import nn

def network(fill):
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 5)).eval()
    for part in module:
        if getattr(part, "bias", None) is not None:
            nn.init.constant_(part.bias, fill)
    return module

def parameters(module, dynamo):
    with tempfile.TemporaryDirectory() as folder:
        torch.onnx.export(module, (torch.zeros(1, 1, 8, 8),), f"{folder}/x.onnx", dynamo=dynamo, verbose=False)
        graph = onnx.load(f"{folder}/x.onnx").graph
    sizes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    return [[sizes[name] for name in node.input if name in sizes] for node in graph.node if node.op_type in ("Conv", "Gemm")]

found = {(fill, dynamo): parameters(network(fill), dynamo) for fill in (0.0, 0.5) for dynamo in (True, False)}
for (fill, dynamo), shapes in found.items():
    print(f"biases of {fill}, dynamo={dynamo}: {shapes}")
print("torch", torch.__version__)
whole = [[[4, 1, 3, 3], [4]], [[5, 144], [5]]]
assert found[0.5, True] == found[0.5, False] == found[0.0, False] == whole, found
assert found[0.0, True] == [[[4, 1, 3, 3]], [[5, 144]]], found
PYTHON
