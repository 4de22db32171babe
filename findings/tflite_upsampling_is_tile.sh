#!/bin/sh
# keras.layers.UpSampling2D by a whole factor, nearest, is converted to TILE, which TensorFlow Lite Micro has no kernel for;
# keras.layers.Resizing to the same size is one operator that it has.
# Fails when it no longer does. Wants Python 3.11 and some 2 GB in a temporary folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet keras==3.15.1 tensorflow-cpu==2.21.0 tflite-micro==0.dev20261023182759
"$folder/venv/bin/python" - 2> /dev/null <<'PYTHON'
import os, re, sys, tempfile
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, keras, tensorflow as tf
from keras import layers
from tflite_micro import runtime

NAMES = {v: k for k, v in vars(runtime.schema_fb.BuiltinOperator).items() if isinstance(v, int)}

def convert(model):
    random = np.random.default_rng(0)
    shape = model.inputs[0].shape[1:]
    one = keras.Input(batch_shape=(1, *shape))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([random.standard_normal((1, *shape)).astype("f")] for _ in range(8))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()

def operators(content):
    model = runtime.schema_fb.Model.GetRootAsModel(content, 0)
    graph = model.Subgraphs(0)
    codes = [model.OperatorCodes(graph.Operators(i).OpcodeIndex()) for i in range(graph.OperatorsLength())]
    return [NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())] for code in codes]

def quietly(run):
    """What C++ and Python print meanwhile, and the error, if there is one."""
    sys.stdout.flush()
    with tempfile.TemporaryFile() as file:
        saved = os.dup(1), os.dup(2)
        os.dup2(file.fileno(), 1); os.dup2(file.fileno(), 2)
        error = None
        try:
            run()
        except Exception as raised:
            error = raised
        finally:
            sys.stdout.flush(); sys.stderr.flush()
            os.dup2(saved[0], 1); os.dup2(saved[1], 2)
        file.seek(0)
        return file.read().decode(errors="replace"), error

def head(content):
    """Bytes of the head of the arena, or None where the runtime refuses the network."""
    config = runtime.InterpreterConfig.kAllocationRecording
    def run():
        interpreter = runtime.Interpreter.from_bytes(bytes(content), intrepreter_config=config)
        interpreter.print_allocations()
    text, error = quietly(run)
    if error:
        return None, text.strip()
    return int(re.search(r"allocation head (\d+)", text).group(1)), ""

def of(model):
    contents = []
    text, error = quietly(lambda: contents.append(convert(model)))
    if error:
        raise error
    return contents[0]


def network(layer):
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layer(layers.Conv2D(8, 3, padding="same")(inputs)))

found = {}
for name, layer in {
    "UpSampling2D(2)": layers.UpSampling2D(2),
    "Resizing(16, 16, nearest)": layers.Resizing(16, 16, interpolation="nearest"),
}.items():
    content = of(network(layer))
    found[name] = operators(content), head(content)
    print(f"{name}: {found[name][0]}, head of the arena and message: {found[name][1]}")
print("keras", keras.__version__, "tensorflow", tf.__version__)
operators_of, (bytes_of, message) = found["UpSampling2D(2)"]
assert "TILE" in operators_of and bytes_of is None and "TILE" in message, found
assert found["Resizing(16, 16, nearest)"] == (["CONV_2D", "RESIZE_NEAREST_NEIGHBOR"], (2560, "")), found
PYTHON
