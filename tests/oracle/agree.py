"""Runs exported Keras code against exported PyTorch code, with the same weights.

Reads the lines of `oracle_networks` on its standard input and wants of each network: the same shape (channels last), as
many parameters, the same outputs (relative to the largest, 1e-4), and after int8 conversion outputs that differ from the
float ones by no more than int8's steps explain. Prints what differs, and ends with 1 where something does. `--no-int8`
leaves the conversion out.
"""

import contextlib
import io
import json
import os
import re
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

sys.path.insert(0, os.path.dirname(__file__))
import record  # noqa: E402

TOLERANCE = 1e-4


def torch_model(code):
    names = {"__name__": "exported"}
    exec(compile(code, "torch", "exec"), names)
    classes = [value for value in names.values() if isinstance(value, type) and issubclass(value, torch.nn.Module)]
    model = [each for each in classes if each.__module__ == "exported"][-1]().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in list(model.named_parameters()) + list(model.named_buffers()):
            if not tensor.dtype.is_floating_point:
                continue
            if name.endswith("running_var") or (tensor.dim() == 1 and name.endswith("weight")):
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif tensor.dim() > 1:
                tensor.normal_(0, (2 / max(1, tensor[0].numel())) ** 0.5, generator=generator)
            else:
                tensor.normal_(0, 0.2, generator=generator)
    return model


def keras_model(code):
    keras.backend.clear_session()
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "keras", "exec"), names)
    return names["model"]


def carry(source, code, target):
    """PyTorch's tensors into Keras's layers, found by their names."""
    tensors = {}
    for name, module in source.named_modules():
        own = dict(module.named_parameters(recurse=False)) | dict(module.named_buffers(recurse=False))
        if own:
            tensors[re.sub(r"[^A-Za-z0-9_]", "_", name)] = (module, {key: v.detach().numpy() for key, v in own.items()})
    flattened = {}
    lines = code.splitlines()
    for index, line in enumerate(lines):
        if line.startswith("# From PyTorch: kernel = "):
            layer = re.search(r'name="(\w+)"', lines[index + 1]).group(1)
            flattened[layer] = line.removeprefix("# From PyTorch: kernel = ")
    for layer in target.layers:
        if not layer.weights:
            continue
        module, own = tensors[layer.name]
        weight = own.get("weight")
        if isinstance(module, (torch.nn.ConvTranspose1d, torch.nn.ConvTranspose2d)):
            kernel = weight.transpose(*range(2, weight.ndim), 1, 0)
        elif isinstance(layer, (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)):
            channels = layer.kernel.shape[-2]
            shape = weight.shape
            kernel = weight.reshape(channels, shape[0] // channels, *shape[2:])
            kernel = kernel.transpose(*range(2, kernel.ndim), 0, 1)
        elif isinstance(module, (torch.nn.Conv1d, torch.nn.Conv2d)):
            kernel = weight.transpose(*range(2, weight.ndim), 1, 0)
        elif isinstance(module, torch.nn.Linear):
            kernel = eval(flattened[layer.name], {"weight": weight}) if layer.name in flattened else weight.T
        elif weight is not None and weight.ndim == 3:
            kernel = weight.transpose(1, 2, 0)
        else:
            kernel = weight
        bias = own.get("bias")
        if bias is not None and bias.ndim == 3:
            bias = bias.transpose(1, 2, 0)
        values = {"running_mean": own.get("running_mean"), "running_var": own.get("running_var")}
        found = [value for value in (kernel, bias, values["running_mean"], values["running_var"]) if value is not None]
        assert len(found) == len(layer.weights), f"{layer.name}: {len(layer.weights)} weights, not {len(found)}"
        layer.set_weights([value.reshape(own.shape) for value, own in zip(found, layer.weights)])


def last(array):
    return np.moveaxis(array, 1, -1)


def run_int8(model, samples):
    shape = model.inputs[0].shape[1:]
    one = keras.Input(batch_shape=(1, *shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # Without delegates: one of them refuses some networks.
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(model_content=converter.convert(), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for sample in samples:
        scale, zero = source["quantization"]
        interpreter.set_tensor(source["index"], np.clip(np.round(sample[None] / scale + zero), -128, 127).astype(np.int8))
        interpreter.invoke()
        scale, zero = sink["quantization"]
        outputs.append((interpreter.get_tensor(sink["index"])[0].astype(np.float32) - zero) * scale)
    return np.stack(outputs)


def check(item, int8):
    source, target = torch_model(item["torch"]), keras_model(item["keras"])
    carry(source, item["keras"], target)
    shape = target.inputs[0].shape[1:]
    samples = np.random.default_rng(3).standard_normal((8, *shape)).astype(np.float32)
    # Lines are channels last as well, where the code says so.
    moved = np.moveaxis(samples, -1, 1) if len(shape) > 1 else samples
    with torch.no_grad():
        wanted = source(torch.from_numpy(np.ascontiguousarray(moved))).numpy()
    found = np.asarray(target(samples, training=False))
    if wanted.ndim > 2 and (wanted.ndim == 4 or "1D(" in item["keras"]):
        wanted = last(wanted)
    faults = []
    if wanted.shape != found.shape:
        return [f"shape {found.shape}, PyTorch {wanted.shape}"]
    params = sum(parameter.numel() for parameter in source.parameters())
    counted = sum(int(np.prod(weight.shape)) for weight in target.trainable_weights)
    if params != counted:
        faults.append(f"{counted} parameters, PyTorch {params}")
    largest = max(float(np.abs(wanted).max()), 1e-6)
    difference = float(np.abs(wanted - found).max()) / largest
    if not difference < TOLERANCE:
        faults.append(f"outputs differ by {difference:.2g} of the largest")
    if int8 and not faults:
        quantised = run_int8(target, samples)
        spread = max(float(found.std()), 1e-6)
        error = float(np.sqrt(np.mean((quantised - found) ** 2))) / spread
        item["int8"] = error
        if not error < 0.25:
            faults.append(f"int8 is off by {error:.2g} of the spread")
    return faults


def main():
    int8 = "--no-int8" not in sys.argv
    checked, failed, errors = 0, 0, []
    for line in sys.stdin:
        item = json.loads(line)
        if not item["keras"]:
            continue
        checked += 1
        try:
            with record.quiet() as text:
                faults = check(item, int8)
        except Exception as error:
            faults = [f"{type(error).__name__}: {str(error).strip().splitlines()[-1][:200] if str(error).strip() else ''}"]
        if "int8" in item:
            errors.append(item["int8"])
        for fault in faults:
            print(f"{item['name']}: {fault}", flush=True)
        failed += bool(faults)
    median = f", int8 off by {np.median(errors):.3f} of the spread in the middle" if errors else ""
    print(f"{checked} networks, {failed} differ{median}")
    sys.exit(1 if failed or not checked else 0)


if __name__ == "__main__":
    main()
