"""Makes tests/fixtures/golden/sequences.json: layers over lines [N, C, L], counted and run by PyTorch.

    python3 -m venv venv && venv/bin/pip install -r tests/oracle/requirements.txt
    venv/bin/python tests/oracle/sequences.py > tests/fixtures/golden/sequences.json

The schemas, the rule that fills tensors, and what each counter is, stand in tests/fixtures/golden/README.md.
"""

import contextlib
import importlib.metadata
import io
import json
import logging
import os
import random
import sys
import warnings

import calflops
import fvcore.nn
import numpy
import ptflops
import thop
import torch
import torchinfo
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.manual_seed(0)
# A process that is forked off must not wait for threads that it does not have.
torch.set_num_threads(1)

MASK = (1 << 64) - 1
FIRST_BUFFER, INPUT = 1 << 30, 1 << 31
VERSIONS = ["torch", "fvcore", "thop", "ptflops", "torchinfo", "calflops"]


def numbers(stream, count):
    """The top 24 bits of SplitMix64's finalizer over stream * 2^32 + i."""
    key = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(stream << 32 & MASK)
    with numpy.errstate(over="ignore"):
        z = key + numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    return (z >> numpy.uint64(40)).astype(numpy.float64)


def unsigned(stream, count):
    return numbers(stream, count) / 2**24


def signed(stream, count):
    return (numbers(stream, count) - 2**23) / 2**23


def set_values(tensor, values):
    tensor.data.copy_(torch.from_numpy(values.astype(numpy.float32).reshape(tuple(tensor.shape))))


def fill(model, gain):
    """Fills all tensors; gives the streams of each module by its name."""
    streams, stream, buffer = {}, 0, FIRST_BUFFER
    for name, module in model.named_modules():
        own = {}
        bound = None
        for tensor_name, tensor in module.named_parameters(recurse=False):
            count = tensor.numel()
            if isinstance(module, nn.PReLU):
                values = 0.5 * unsigned(stream, count)
            elif "Norm" in type(module).__name__:
                values = 0.5 + unsigned(stream, count) if tensor_name == "weight" else signed(stream, count) * 0.1
            else:
                bound = bound or 1 / numpy.sqrt(count / tensor.shape[0] / gain)
                values = signed(stream, count) * bound
            set_values(tensor, values)
            own[tensor_name] = stream
            stream += 1
        for tensor_name, tensor in module.named_buffers(recurse=False):
            if not tensor.is_floating_point():
                continue
            values = signed(buffer, tensor.numel()) * 0.1
            set_values(tensor, values if tensor_name == "running_mean" else 0.5 + unsigned(buffer, tensor.numel()))
            own[tensor_name] = buffer
            buffer += 1
        if own:
            streams[name] = own
    return streams


def macs_of(module, given, output):
    if isinstance(module, nn.Conv1d):
        return output.numel() * module.in_channels // module.groups * module.kernel_size[0]
    if isinstance(module, nn.ConvTranspose1d):
        return given.numel() * module.out_channels // module.groups * module.kernel_size[0]
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    return 0


def counters(module, x):
    """What each tool prints; None where it fails."""
    def flop_counter():
        with FlopCounterMode(display=False) as mode:
            module(x)
        return mode.get_total_flops()

    def ptflops_by(backend):
        macs, _ = ptflops.get_model_complexity_info(
            module, (1,), input_constructor=lambda _: x, as_strings=False, print_per_layer_stat=False,
            backend=backend,
        )
        return macs

    def calflops_both():
        # It asks the first parameter where it is.
        holder = nn.Sequential(module)
        holder.register_parameter("none", nn.Parameter(torch.zeros(1)))
        flops, macs, _ = calflops.calculate_flops(
            holder, args=[x], output_as_string=False, print_results=False, print_detailed=False
        )
        return flops, macs

    def attempt(count):
        """In a process of its own: the tools replace functions of PyTorch, and some leave them replaced."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), torch.no_grad():
                    text = json.dumps(count())
            except Exception:
                text = "null"
            os.write(writing, text.encode())
            os._exit(0)
        os.close(writing)
        os.waitpid(child, 0)
        with os.fdopen(reading) as pipe:
            return json.loads(pipe.read())

    def torchinfo_both():
        info = torchinfo.summary(module, input_data=x, verbose=0)
        return int(info.total_mult_adds), int(info.total_output_bytes)

    mult_adds, output_bytes = attempt(torchinfo_both) or (None, None)
    flops, macs = attempt(calflops_both) or (None, None)
    found = {
        "flop_counter_flops": attempt(flop_counter),
        "fvcore": attempt(lambda: fvcore.nn.FlopCountAnalysis(module, x).unsupported_ops_warnings(False).total()),
        "thop_macs": attempt(lambda: thop.profile(module, inputs=(x,), verbose=False)[0]),
        "ptflops_macs": attempt(lambda: ptflops_by("pytorch")),
        "ptflops_aten_macs": attempt(lambda: ptflops_by("aten")),
        "torchinfo_mult_adds": mult_adds,
        "calflops_flops": flops,
        "calflops_macs": macs,
        "torchinfo_output_bytes": output_bytes,
    }
    return {name: None if value is None else int(value) for name, value in found.items()}


def layer_case(number, class_name, arguments, shape):
    case = {"id": f"S{number:04}", "type": class_name, "args": arguments, "in": shape}
    stage = "init"
    try:
        make = lambda: getattr(nn, class_name)(**arguments).eval()
        module = make()
        stage = "forward"
        x = torch.zeros(shape)
        with torch.no_grad():
            output = module(x)
    except Exception as error:
        message = str(error).split(": [")[0] if "negative dimension" in str(error) else str(error)
        return case | {"ok": False, "error": {"stage": stage, "class": type(error).__name__, "message": message}}
    return case | {
        "ok": True,
        "out": list(output.shape),
        "params": sum(tensor.numel() for tensor in module.parameters()),
        "buffers": sum(tensor.numel() for tensor in module.buffers()),
        "macs": macs_of(module, x, output),
        "counters": counters(make(), torch.zeros(shape)),
    }


def random_cases(count):
    """Arguments with odd sizes, and a few that PyTorch refuses."""
    choose = random.Random(1)
    pick = choose.choice
    cases = []
    while len(cases) < count:
        channels, length = pick([1, 2, 4, 6]), pick([1, 2, 5, 9, 12, 40])
        shape = pick([[1, channels, length], [2, channels, length], [3, channels, length], [channels, length]])
        kind = pick(["Conv1d"] * 5 + ["ConvTranspose1d"] * 3 + [
            "MaxPool1d", "MaxPool1d", "AvgPool1d", "AvgPool1d", "AdaptiveAvgPool1d", "AdaptiveMaxPool1d",
            "InstanceNorm1d", "BatchNorm1d",
        ])
        kernel = pick([1, 2, 3, 4, 5])
        if kind == "Conv1d":
            declared = pick([channels] * 9 + [channels + 1])
            arguments = {"in_channels": declared, "out_channels": pick([1, 2, 4, 12]), "kernel_size": kernel}
            optional = {
                "stride": pick([1, 2, 3]), "padding": pick([0, 1, 2, "same", "valid"]), "dilation": pick([1, 2]),
                "groups": pick([1, 2, channels]), "bias": pick([True, False]),
                "padding_mode": pick(["zeros", "zeros", "reflect", "replicate", "circular"]),
            }
        elif kind == "ConvTranspose1d":
            declared = pick([channels] * 9 + [channels + 1])
            arguments = {"in_channels": declared, "out_channels": pick([1, 2, 4, 12]), "kernel_size": kernel}
            optional = {
                "stride": pick([1, 2, 3]), "padding": pick([0, 1, 2]), "output_padding": pick([0, 1]),
                "groups": pick([1, 2, channels]), "bias": pick([True, False]), "dilation": pick([1, 2]),
            }
        elif kind == "MaxPool1d":
            arguments = {"kernel_size": kernel}
            optional = {"stride": pick([1, 2, 3]), "padding": pick([0, 1, 2]), "dilation": pick([1, 2]),
                        "ceil_mode": pick([True, False])}
        elif kind == "AvgPool1d":
            arguments = {"kernel_size": kernel}
            optional = {"stride": pick([1, 2, 3]), "padding": pick([0, 1, 2]), "ceil_mode": pick([True, False]),
                        "count_include_pad": pick([True, False])}
        elif kind in ("AdaptiveAvgPool1d", "AdaptiveMaxPool1d"):
            arguments, optional = {"output_size": pick([1, 2, 3, 7])}, {}
        else:
            arguments = {"num_features": pick([channels] * 9 + [channels + 1])}
            optional = {"affine": pick([True, False]), "track_running_stats": pick([True, False])}
        arguments |= {name: value for name, value in optional.items() if choose.random() < 0.5}
        cases.append((kind, arguments, shape))
    return cases


# What PyTorch refuses, in its words.
REFUSED = [
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [1, 4, 2, 2]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [1, 5, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [5, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [1, 4, 2]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "padding": 1, "dilation": 3}, [1, 4, 2]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "stride": 0}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "padding": -1}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "dilation": 0}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 0}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "groups": 3}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 9, "kernel_size": 3, "groups": 2}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "padding": "same", "stride": 2}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "padding": 10, "padding_mode": "reflect"}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "padding": 11, "padding_mode": "circular"}, [1, 4, 10]),
    ("Conv1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "padding": 2, "padding_mode": "reflect"}, [1, 5, 10]),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [10]),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3}, [1, 5, 10]),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "output_padding": 1}, [1, 4, 10]),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 3, "stride": 0}, [1, 4, 10]),
    ("ConvTranspose1d", {"in_channels": 4, "out_channels": 8, "kernel_size": 2, "padding": 1}, [1, 4, 1]),
    ("MaxPool1d", {"kernel_size": 2}, [10]),
    ("MaxPool1d", {"kernel_size": 2}, [1, 4, 1, 10]),
    ("MaxPool1d", {"kernel_size": 2}, [1, 4, 1]),
    ("MaxPool1d", {"kernel_size": 2, "padding": 2}, [1, 4, 10]),
    ("MaxPool1d", {"kernel_size": 2, "stride": 0}, [1, 4, 10]),
    ("MaxPool1d", {"kernel_size": 0}, [1, 4, 10]),
    ("MaxPool1d", {"kernel_size": 2, "padding": -1}, [1, 4, 10]),
    ("MaxPool1d", {"kernel_size": 2, "dilation": 0}, [1, 4, 10]),
    ("MaxPool1d", {"kernel_size": 3, "padding": 2, "dilation": 2}, [1, 4, 10]),
    ("AvgPool1d", {"kernel_size": 2}, [10]),
    ("AvgPool1d", {"kernel_size": 2}, [1, 4, 1, 10]),
    ("AvgPool1d", {"kernel_size": 2}, [1, 4, 1]),
    ("AvgPool1d", {"kernel_size": 2, "padding": 2}, [1, 4, 10]),
    ("AvgPool1d", {"kernel_size": 2, "stride": 0}, [1, 4, 10]),
    ("AvgPool1d", {"kernel_size": -1}, [1, 4, 10]),
    ("AdaptiveAvgPool1d", {"output_size": 3}, [10]),
    ("AdaptiveMaxPool1d", {"output_size": 3}, [1, 4, 2, 10]),
    ("InstanceNorm1d", {"num_features": 4}, [1, 4, 1]),
    ("InstanceNorm1d", {"num_features": 4, "affine": True}, [1, 5, 10]),
    ("InstanceNorm1d", {"num_features": 4}, [1, 4, 1, 10]),
    ("InstanceNorm1d", {"num_features": 4, "track_running_stats": True}, [2, 5, 10]),
]


def conv(*arguments, **options):
    return nn.Conv1d(*arguments, **options)


# Networks as chains of modules, each with its input without the batch.
NETWORKS = {
    "conv": ([3, 11], [conv(3, 5, 3, padding=1), nn.ReLU(), conv(5, 8, 4, stride=2)]),
    "one channel": ([1, 40], [conv(1, 8, 9, stride=3), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2)]),
    "depthwise": ([6, 21], [conv(6, 6, 5, padding=2, groups=6, bias=False), conv(6, 12, 1), nn.BatchNorm1d(12), nn.Hardswish()]),
    "groups": ([8, 14], [conv(8, 12, 3, groups=4, dilation=2, padding=2), nn.PReLU(12), nn.AvgPool1d(3, 2, 1)]),
    "modes": ([4, 9], [conv(4, 4, 3, padding=2, padding_mode="reflect"), conv(4, 4, 4, padding="same", padding_mode="circular"),
                       conv(4, 3, 2, padding=3, padding_mode="replicate")]),
    "same": ([4, 10], [conv(4, 8, 4, padding="same"), nn.GELU(), conv(8, 8, 3, padding="same", dilation=3)]),
    "transposed": ([4, 7], [nn.ConvTranspose1d(4, 6, 4, stride=3, padding=2, output_padding=1), nn.ReLU(),
                            nn.ConvTranspose1d(6, 4, 3, groups=2, dilation=2, bias=False)]),
    "pools": ([4, 23], [nn.MaxPool1d(3, 2, 1, dilation=1, ceil_mode=True), nn.AvgPool1d(2, ceil_mode=True, count_include_pad=False),
                        nn.AdaptiveMaxPool1d(4), nn.AdaptiveAvgPool1d(3)]),
    "norms": ([4, 13], [nn.InstanceNorm1d(4, affine=True), conv(4, 6, 3), nn.InstanceNorm1d(6, track_running_stats=True),
                        nn.GroupNorm(3, 6), nn.BatchNorm1d(6)]),
    "classifier": ([2, 32], [conv(2, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), conv(8, 16, 3, padding=1),
                             nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 5), nn.Softmax(dim=1)]),
    "flattened": ([2, 16], [conv(2, 8, 3), nn.Tanh(), nn.Flatten(), nn.Linear(112, 10), nn.Sigmoid()]),
}

CONFIGURED = [
    "in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding", "dilation", "groups",
    "padding_mode", "ceil_mode", "count_include_pad", "output_size", "num_features", "num_groups", "num_channels",
    "num_parameters", "in_features", "out_features", "start_dim", "end_dim", "dim", "eps", "affine",
    "track_running_stats",
]


def configuration(module):
    found = {}
    for name in CONFIGURED:
        value = getattr(module, name, None)
        if value is not None:
            found[name] = value[0] if isinstance(value, tuple) else value
    if isinstance(module, (nn.modules.conv._ConvNd, nn.Linear)):
        found["bias"] = module.bias is not None
    if not isinstance(module, nn.ConvTranspose1d):
        found.pop("output_padding", None)
    else:
        found.pop("padding_mode", None)
    return found


def network_case(tag, shape, modules, batch, gain):
    model = nn.Sequential(*modules).eval()
    streams = fill(model, gain)
    x = torch.from_numpy(signed(INPUT, int(numpy.prod([batch, *shape]))).astype(numpy.float32)).reshape(batch, *shape)
    nodes, macs, value = [{"op": "input", "in": [], "out": [batch, *shape]}], 0, x
    with torch.no_grad():
        for index, module in enumerate(modules):
            output = module(value)
            macs += macs_of(module, value, output)
            node = {"op": type(module).__name__, "name": str(index), "cfg": configuration(module), "in": [index],
                    "out": list(output.shape)}
            if str(index) in streams:
                node["t"] = streams[str(index)]
            nodes.append(node)
            value = output
        exact = model.double()(x.double())
    return {
        "id": tag, "tag": f"batch {batch}", "g": gain, "input": [batch, *shape],
        "params": sum(tensor.numel() for tensor in model.parameters()), "macs": macs, "nodes": nodes,
        "out_shape": list(value.shape), "out": [float(number) for number in value.flatten()],
        "max_abs_diff_f64": float((value.double() - exact).abs().max()),
    }


def main():
    cases = [layer_case(number, *case) for number, case in enumerate(REFUSED + random_cases(160))]
    # What oneDNN says of an output without elements depends on the kernel it chose.
    cases = [case for case in cases if "memory descriptor" not in case.get("error", {}).get("message", "")]
    networks = []
    for tag, (shape, modules) in NETWORKS.items():
        for batch, gain in [(1, 1), (3, 6)]:
            networks.append(network_case(tag, shape, [module.float() for module in modules], batch, gain))
    versions = {name: importlib.metadata.version(name) for name in VERSIONS}
    lines = lambda items: ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)
    sys.stdout.write(f'{{"versions":{json.dumps(versions)},\n"cases":[\n{lines(cases)}\n],\n"networks":[\n{lines(networks)}\n]}}\n')


if __name__ == "__main__":
    main()
