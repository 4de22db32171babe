#!/bin/sh
# The converter orders branches by the names of their layers, so that a name decides how much RAM a network needs:
# the same two branches take 16,384 or 14,336 bytes of TensorFlow Lite Micro's arena.
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


def network(shortcut, body):
    inputs = keras.Input((16, 16, 8))
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="stem")(inputs)
    y = layers.Conv2D(16, 1, name=shortcut)(x)
    z = layers.Conv2D(32, 1, activation="relu", name=body)(x)
    z = layers.Conv2D(16, 1, name="z")(z)
    return keras.Model(inputs, layers.Add()([y, z]))

found = {}
for names in (("a", "b"), ("b", "a"), ("conv9", "conv10"), ("conv1", "conv2")):
    content = of(network(*names))
    found[names], _ = head(content)
    print(names, operators(content), "head of the arena:", found[names], "bytes")
print("keras", keras.__version__, "tensorflow", tf.__version__)
# Of two layers that read one tensor the converter writes the one with the lesser name first, as text: conv10 before conv9.
assert found[("a", "b")] == found[("conv1", "conv2")] == 16384, found
assert found[("b", "a")] == found[("conv9", "conv10")] == 14336, found
PYTHON
