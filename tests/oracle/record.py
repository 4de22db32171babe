"""Converts Keras code to full int8 and records what TensorFlow Lite Micro says of it.

Reads JSON lines on its standard input, `{"name": ..., "keras": code}`, where the code leaves a `model`, and writes one
line for each with what was found beside what was given: `operators`, `head`, `tail` (bytes of the arena), `tflite`
(bytes of the file), `constants` (bytes of its buffers), or `refused` with the reason. `--dump` also tells the tensors.
"""

import contextlib
import io
import json
import os
import re
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np  # noqa: E402
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from tflite_micro import runtime  # noqa: E402

schema = runtime.schema_fb
OPERATORS = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
TYPES = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}


@contextlib.contextmanager
def quiet():
    """Keeps what C++ and Python print; yields a function that gives it."""
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        saved = os.dup(1), os.dup(2)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)

        def text():
            sys.stdout.flush()
            sys.stderr.flush()
            file.seek(0)
            return file.read().decode(errors="replace")

        try:
            yield text
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(saved[0], 1)
            os.dup2(saved[1], 2)
            os.close(saved[0])
            os.close(saved[1])


def build(code):
    """The model that the code leaves, its weights random but the same in each run."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "exported", "exec"), names)
    model = names["model"]
    random = np.random.default_rng(1)
    for weight in model.weights:
        if "seed" in weight.path:
            continue
        if any(word in weight.path for word in ("variance", "gamma")):
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif not weight.path.endswith("kernel"):
            weight.assign(random.normal(0, 0.3, weight.shape))
    return model


def convert(model):
    random = np.random.default_rng(2)
    shape = model.inputs[0].shape[1:]
    # For a batch of one: else the file computes its shapes as it runs.
    one = keras.Input(batch_shape=(1, *shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: (
        [random.standard_normal((1, *shape)).astype(np.float32)] for _ in range(8)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter.convert()


def tensors_of(graph, model):
    found = []
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        shape = [int(size) for size in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else []
        scales = tensor.Quantization().ScaleLength() if tensor.Quantization() else 0
        found.append([
            tensor.Name().decode(), TYPES[tensor.Type()], shape, model.Buffers(tensor.Buffer()).DataLength(), scales,
        ])
    return found


def describe(content):
    model = schema.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    operators = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        operators.append([name, operator.InputsAsNumpy().tolist(), operator.OutputsAsNumpy().tolist()])
    constants = sum(model.Buffers(index).DataLength() for index in range(model.BuffersLength()))
    metadata = [model.Metadata(index) for index in range(model.MetadataLength())]
    extra = sum(model.Buffers(entry.Buffer()).DataLength() for entry in metadata)
    return graph, model, operators, constants - extra


def record(content):
    config = runtime.InterpreterConfig.kAllocationRecording
    interpreter = runtime.Interpreter.from_bytes(bytes(content), arena_size=64 << 20, intrepreter_config=config)
    details = interpreter.get_input_details(0)
    interpreter.set_input(np.zeros(details["shape"], dtype=details["dtype"]), 0)
    interpreter.invoke()
    with quiet() as text:
        interpreter.print_allocations()
        printed = text()
    return tuple(int(re.search(rf"allocation {part} (\d+)", printed).group(1)) for part in ("head", "tail"))


def examine(item, dump=False):
    found = {key: value for key, value in item.items() if key != "keras"}
    try:
        with quiet() as text:
            content = convert(build(item["keras"]))
        graph, model, operators, constants = describe(content)
        found["operators"] = [name for name, _, _ in operators]
        found |= {"tflite": len(content), "constants": constants}
        if dump:
            found |= {"wiring": operators, "tensors": tensors_of(graph, model)}
        with quiet() as text:
            try:
                head, tail = record(content)
            except Exception:
                raise RuntimeError(text().strip() or "no message")
        found |= {"head": head, "tail": tail}
    except Exception as error:
        found["refused"] = str(error).strip().splitlines()[-1][:200] if str(error).strip() else repr(error)[:200]
        found["refused_by"] = type(error).__name__
    return found


def main():
    dump = "--dump" in sys.argv
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(examine(json.loads(line), dump)), flush=True)


if __name__ == "__main__":
    main()
