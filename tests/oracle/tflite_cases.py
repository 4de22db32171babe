"""Small .tflite files as the converter writes them, with what its interpreter computes: tests/fixtures/tflite/. See README.md.

Wants tensorflow-cpu and tflite-micro as requirements.txt pins them. Writes NAME.tflite and cases.jsonl.
"""
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
from tensorflow import keras
from keras import layers as L
from record import record

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
keras.utils.set_random_seed(3)
lines = []


def run(content, x):
    interpreter = tf.lite.Interpreter(model_content=content, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    if given["dtype"] != np.float32:
        scale, zero = given["quantization"]
        x = np.clip(np.round(x / scale) + zero, -128, 127).astype(given["dtype"])
    interpreter.set_tensor(given["index"], x)
    interpreter.invoke()
    y = interpreter.get_tensor(made["index"])
    if made["dtype"] != np.float32:
        scale, zero = made["quantization"]
        y = (y.astype("f") - zero) * scale
    return y


def keep(name, model, shape, kinds=("float",), any_batch=False):
    random = np.random.default_rng(5)
    x = (random.random((1, *shape)) * 4 - 2).astype("f")
    if not any_batch:
        one = keras.Input(batch_shape=(1, *shape))
        model = keras.Model(one, model(one))
    for kind in kinds:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if kind != "float":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "int8":
            converter.representative_dataset = lambda: ([(random.random((1, *shape)) * 4 - 2).astype("f")] for _ in range(40))
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        if kind == "half":
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
        with open(f"{folder}/{name}_{kind}.tflite", "wb") as file:
            file.write(content)
        y = run(content, x)
        lines.append(json.dumps({"name": f"{name}_{kind}", "kind": kind, "input_shape": [1, *shape], "input": [float(value) for value in x.ravel()],
            "output_shape": [int(size) for size in y.shape], "output": [float(np.float32(value)) for value in y.ravel()],
            "params": int(model.count_params()), "arena_head": record(content)[0] if kind == "int8" else None}))


def lively(model):
    """Weights and statistics that are not equal anywhere."""
    random = np.random.default_rng(1)
    model.set_weights([(random.random(weight.shape) * 0.8 - (0.4 if weight.ndim > 1 else -0.1)).astype("f") for weight in model.get_weights()])
    return model


x = keras.Input((12, 10, 3))
a = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(8, 3, strides=2, padding="same", name="stem")(x)))
b = L.DepthwiseConv2D(3, padding="same", name="depthwise")(a)
b = L.ReLU()(L.BatchNormalization()(b))
b = L.Conv2D(8, 1, use_bias=False, name="point")(b)
a = L.Add()([a, b])
a = L.MaxPooling2D(2)(a)
y = L.Dense(4, activation="softmax", name="head")(L.GlobalAveragePooling2D()(a))
keep("small", lively(keras.Model(x, y)), (12, 10, 3), ("float", "int8", "dynamic", "half"))

x = keras.Input((7, 9, 4))
a = L.ZeroPadding2D(((1, 0), (2, 1)))(x)
a = L.Conv2D(6, (3, 2), dilation_rate=2, activation="relu")(a)
s = L.GlobalAveragePooling2D(keepdims=True)(a)
s = L.Conv2D(6, 1, activation="sigmoid", name="gate")(L.Conv2D(2, 1, activation="relu", name="squeeze")(s))
a = L.Multiply()([a, s])
a = L.Concatenate()([a, L.Activation("hard_swish")(a)])
a = L.AveragePooling2D(2, strides=1, padding="same")(a)
y = L.Dense(3, name="fc")(L.Flatten()(a))
keep("gates", lively(keras.Model(x, y)), (7, 9, 4), ("float", "int8"))

x = keras.Input((5, 6, 2))
a = L.UpSampling2D(2, interpolation="bilinear")(x)
a = L.Conv2DTranspose(3, 3, strides=2, padding="same", name="up")(a)
a = L.UpSampling2D((2, 1))(a)
a = L.LeakyReLU(negative_slope=0.2)(a)
y = L.Conv2DTranspose(2, 2, strides=2, name="last")(a)
keep("resizes", lively(keras.Model(x, y)), (5, 6, 2))

x = keras.Input((40, 3))
a = L.Conv1D(4, 5, strides=2, padding="same", activation="relu", name="line")(x)
a = L.MaxPooling1D(2)(a)
a = L.Conv1D(6, 3, name="second")(a)
y = L.Dense(2)(L.Flatten()(a))
keep("line", lively(keras.Model(x, y)), (40, 3), ("float", "int8"))
keep("line_any", lively(keras.Model(x, y)), (40, 3), any_batch=True)


class Mixed(L.Layer):
    def call(self, x):
        one, two = tf.split(x, 2, axis=3)
        cut = x[:, 1:5, 2:6, :]
        turned = tf.transpose(cut, [0, 2, 1, 3])
        whole = tf.concat([one - two, tf.nn.relu(two * 2.0 - 0.5)], 3)
        return tf.reduce_mean(whole, [1, 2]), tf.reshape(turned, [-1, 64])


x = keras.Input((6, 8, 4))
one, two = Mixed()(L.PReLU(shared_axes=[1, 2])(x))
y = L.Concatenate()([L.Dense(3, activation="tanh")(one), L.Dense(2)(two)])
keep("mixed", lively(keras.Model(x, y)), (6, 8, 4))


class Unknown(L.Layer):
    def call(self, x):
        return tf.reduce_sum(tf.math.top_k(x, 3)[0], -1)


x = keras.Input((6, 6, 2))
keep("unknown", lively(keras.Model(x, Unknown()(L.Conv2D(4, 3)(x)))), (6, 6, 2))

with open(f"{folder}/cases.jsonl", "w") as file:
    file.write("\n".join(lines) + "\n")
print(len(lines), "cases")
