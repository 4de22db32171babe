"""Small ONNX files as exporters write them, with what onnxruntime computes: tests/fixtures/onnx/. See README.md.

Wants torch 2.9.1, onnx, onnxscript, onnxruntime, onnxslim. Writes NAME.onnx and cases.jsonl.
"""
import io, json, logging, os, sys, tempfile, warnings
warnings.filterwarnings("ignore"); logging.disable(logging.WARNING)
import numpy as np, onnx, onnxruntime as ort, torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
import torch.nn.functional as F

KEPT = {"pkg.onnxscript.rewriter.rule_name", "pkg.torch.onnx.class_hierarchy", "pkg.torch.onnx.name_scopes"}
folder = sys.argv[1]
lines = []


class Forward(nn.Module):
    """A module of parts by name, and a function of them."""
    def __init__(self, forward, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = forward

    def forward(self, x):
        return self.function(self, x)


def trained(module):
    """Weights and statistics that are not equal anywhere."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.dtype == torch.float32:
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.8 + 0.1)
                if tensor.dim() > 1:
                    tensor.sub_(0.5)
    return module.eval()


def strip(model):
    """Leaves of an exporter's notes what is read: stack traces name files of the machine."""
    for node in model.graph.node:
        kept = [entry for entry in node.metadata_props if entry.key in KEPT]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    del model.metadata_props[:]
    for value in model.graph.value_info:
        del value.metadata_props[:]
    return model


def keep(name, model, x, params=None):
    strip(model)
    content = model.SerializeToString()
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    output = session.run(None, {session.get_inputs()[0].name: x})[0]
    with open(f"{folder}/{name}.onnx", "wb") as file:
        file.write(content)
    rounded = lambda values: [float(np.float32(value)) for value in values.ravel()]
    lines.append(json.dumps({"name": name, "input_shape": list(x.shape), "input": rounded(x), "params": params,
        "output_shape": list(output.shape), "output": rounded(output)}))


def case(name, module, shape, exporters=("dynamo", "script"), opsets=(None,), dynamic=False):
    module = trained(module)
    x = torch.rand(1, *shape, generator=torch.Generator().manual_seed(2)) * 4 - 2
    params = sum(parameter.numel() for parameter in module.parameters())
    for exporter in exporters:
        for opset in opsets:
            with tempfile.TemporaryDirectory() as scratch:
                path = f"{scratch}/x.onnx"
                more = {} if opset is None else {"opset_version": opset}
                if exporter == "dynamo":
                    if dynamic:
                        more["dynamic_shapes"] = ({0: "batch"},)
                    torch.onnx.export(module, (x,), path, dynamo=True, external_data=False, verbose=False, **more)
                else:
                    if dynamic:
                        more |= {"dynamic_axes": {"x": {0: "batch"}}, "input_names": ["x"]}
                    torch.onnx.export(module, (x,), path, dynamo=False, **more)
                model = onnx.load(path)
            keep(f"{name}_{exporter}" + (f"_{opset}" if opset else ""), model, x.numpy(), params)


case("seed", nn.Sequential(nn.Conv2d(1, 4, 2, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(4, 8, 2, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(48, 5)), (1, 6, 10))
case("paddings", Forward(lambda m, x: m.d(m.c(m.b(m.a(x)))), a=nn.Conv2d(2, 3, 2, padding="same"), b=nn.Conv2d(3, 3, (3, 2), stride=2, padding=(1, 0)),
    c=nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), d=nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1)), (2, 9, 8))
case("depthwise", nn.Sequential(nn.Conv2d(4, 8, 3, groups=4, padding=1), nn.ReLU6(), nn.Conv2d(8, 4, 1), nn.Conv2d(4, 6, 3, groups=2, dilation=2, padding=2)), (4, 8, 7))
case("lines", nn.Sequential(nn.Conv1d(2, 4, 5, stride=2, padding=2), nn.BatchNorm1d(4), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 3, 2, padding="same"),
    nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(3, 2)), (2, 23))
case("norms", nn.Sequential(nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.BatchNorm2d(4), nn.LayerNorm([5]), nn.GroupNorm(1, 4)), (4, 6, 5))
case("norms_old", nn.Sequential(nn.Linear(5, 5), nn.LayerNorm(5), nn.GELU(), nn.Hardswish(), nn.Mish(), nn.SiLU()), (4, 5), ("script",), (11, 13, 14, 17))
case("activations", nn.Sequential(nn.SiLU(), nn.Hardswish(), nn.Hardsigmoid(), nn.GELU(), nn.GELU("tanh"), nn.Mish(), nn.ELU(0.5), nn.SELU(), nn.CELU(0.7),
    nn.LeakyReLU(0.2), nn.PReLU(3), nn.Hardtanh(-0.5, 0.75), nn.Softsign(), nn.Tanh(), nn.Sigmoid(), nn.Softmax(1), nn.LogSoftmax(1)), (3, 4, 4))
case("pools", nn.Sequential(nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(2, 1, 1, count_include_pad=False), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AdaptiveMaxPool2d(1)), (2, 19, 17), ("script",))
case("pools_new", nn.Sequential(nn.AvgPool2d(3, 2, 1), nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AdaptiveAvgPool2d(1)), (2, 19, 17), ("dynamo",))
case("residual", Forward(lambda m, x: F.relu(m.conv2(F.relu(m.conv1(x))) + x).mean((2, 3)), conv1=nn.Conv2d(3, 3, 3, padding=1), conv2=nn.Conv2d(3, 3, 3, padding=1)), (3, 6, 6))
def shuffle(x, groups):
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, -1, h, w)
case("shuffle", Forward(lambda m, x: torch.cat([m.a(shuffle(x, 2).chunk(2, 1)[0]), shuffle(x, 3)[:, 1:4]], 1), a=nn.Conv2d(3, 2, 1)), (6, 4, 5))
case("excite", Forward(lambda m, x: x * torch.sigmoid(m.fc2(F.relu(m.fc1(F.adaptive_avg_pool2d(x, 1))))), fc1=nn.Conv2d(4, 2, 1), fc2=nn.Conv2d(2, 4, 1)), (4, 5, 5))
case("resizes", Forward(lambda m, x: F.interpolate(F.interpolate(F.interpolate(x, scale_factor=2), size=(7, 9), mode="bilinear", align_corners=False),
    scale_factor=2, mode="bilinear", align_corners=True)), (2, 4, 5))
case("shared", Forward(lambda m, x: m.conv(F.relu(m.conv(x))), conv=nn.Conv2d(2, 2, 3, padding=1)), (2, 5, 5))
case("pixels", nn.Sequential(nn.PixelShuffle(2), nn.PixelUnshuffle(2), nn.ZeroPad2d((1, 0, 2, 1)), nn.ReplicationPad2d(1), nn.ConstantPad2d(1, 0.5)), (4, 4, 6))
case("block", Forward(lambda m, x: x + m.scale * m.b(F.gelu(m.a(m.norm(m.depthwise(x).permute(0, 2, 3, 1))))).permute(0, 3, 1, 2), depthwise=nn.Conv2d(4, 4, 3, padding=1, groups=4),
    norm=nn.LayerNorm(4), a=nn.Linear(4, 8), b=nn.Linear(8, 4), scale=nn.Parameter(torch.ones(4, 1, 1))), (4, 5, 5))
case("dynamic", nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)), (3, 8, 8), dynamic=True)
case("transposed_line", nn.Sequential(nn.ConvTranspose1d(2, 3, 4, stride=2, padding=1, bias=False), nn.ReLU()), (2, 7))


def made(name, nodes, initializers, shape, output, opset=18):
    x = (np.random.default_rng(3).random((1, *shape)) * 4 - 2).astype("f")
    graph = helper.make_graph(nodes, "made", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *shape])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], [numpy_helper.from_array(array, key) for key, array in initializers.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    keep(name, model, x)


random = np.random.default_rng(4)
normal = lambda *shape: random.standard_normal(shape).astype("f")
node = helper.make_node
# TensorFlow's padding, maps of channels last behind a transposition, as tf2onnx writes them.
made("tensorflow", [
    node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
    node("Conv", ["t", "conv/kernel:0", "conv/bias:0"], ["a"], "functional_1/conv/Conv2D", auto_pad="SAME_UPPER", strides=[2, 2]),
    node("Clip", ["a", "low", "high"], ["b"], "functional_1/relu6/Relu6"),
    node("MaxPool", ["b"], ["c"], "functional_1/pool/MaxPool", kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER"),
    node("ReduceMean", ["c", "axes"], ["d"], "functional_1/gap/Mean", keepdims=0),
    node("MatMul", ["d", "dense/kernel:0"], ["e"], "functional_1/dense/MatMul"),
    node("Add", ["e", "dense/bias:0"], ["f"], "functional_1/dense/BiasAdd"),
    node("Softmax", ["f"], ["y"], axis=-1)],
    {"conv/kernel:0": normal(4, 3, 3, 3), "conv/bias:0": normal(4), "low": np.float32(0), "high": np.float32(6), "axes": np.array([2, 3]),
     "dense/kernel:0": normal(4, 3), "dense/bias:0": normal(3)}, (10, 9, 3), "y")
made("upper_and_lower", [
    node("Conv", ["x", "w"], ["a"], auto_pad="SAME_LOWER", strides=[2, 1]), node("AveragePool", ["a"], ["b"], kernel_shape=[2, 2], pads=[0, 0, 1, 1], count_include_pad=1),
    node("Upsample", ["b", "scales"], ["y"], mode="nearest")],
    {"w": normal(3, 2, 2, 4), "scales": np.array([1, 1, 2, 3], "f")}, (2, 7, 8), "y", 9)
# int8 as quantizers write it: a scale for each channel.
made("quantised", [
    node("QuantizeLinear", ["x", "sx", "zx"], ["xq"]), node("DequantizeLinear", ["xq", "sx", "zx"], ["xd"]),
    node("DequantizeLinear", ["wq", "sw", "zw"], ["wd"], axis=0), node("Conv", ["xd", "wd", "b"], ["a"], kernel_shape=[3, 3]), node("Relu", ["a"], ["r"]),
    node("GlobalAveragePool", ["r"], ["y"])],
    {"sx": np.float32(2 / 127), "zx": np.int8(0), "wq": random.integers(-127, 128, (4, 2, 3, 3)).astype(np.int8), "sw": (random.random(4) / 50 + 0.01).astype("f"),
     "zw": np.zeros(4, np.int8), "b": normal(4)}, (2, 6, 6), "y")
# What no layer is for.
made("unknown", [node("Conv", ["x", "w"], ["a"]), node("Sin", ["a"], ["s"]), node("Det", ["s"], ["y"])], {"w": normal(3, 2, 3, 3)}, (2, 6, 6), "y")

# One model in two files, as the newer exporter writes it when it is not told otherwise.
def parts(folder):
    os.makedirs(folder, exist_ok=True)
    module = trained(nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 10)))
    torch.onnx.export(module, (torch.zeros(1, 1, 8, 8),), f"{folder}/net.onnx", dynamo=True, external_data=True, verbose=False)
    onnx.save(strip(onnx.load(f"{folder}/net.onnx", load_external_data=False)), f"{folder}/net.onnx")


parts(f"{folder}_parts")

import onnxslim
module = trained(nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.Flatten(), nn.Linear(64, 3)))
x = torch.rand(1, 2, 6, 6, generator=torch.Generator().manual_seed(2))
with tempfile.TemporaryDirectory() as scratch:
    torch.onnx.export(module, (x,), f"{scratch}/x.onnx", dynamo=False)
    keep("slim", onnxslim.slim(f"{scratch}/x.onnx"), x.numpy(), sum(parameter.numel() for parameter in module.parameters()))

with open(f"{folder}/cases.jsonl", "w") as file:
    file.write("\n".join(lines) + "\n")
print(len(lines), "cases")
