"""torchvision's convolutional families through both of PyTorch's ONNX exporters: figures beside those of the imported source,
outputs beside onnxruntime's. A line each; exits 1 where something differs that is not named. See README.md.

    python tests/oracle/onnx_families.py target/release/convscope [FAMILY...]
"""
import json, logging, os, re, subprocess, sys, tempfile, warnings
warnings.filterwarnings("ignore"); logging.disable(logging.WARNING)
import numpy as np, onnx, onnxruntime as ort, torch, torchvision

FAMILIES = """alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 mnasnet0_5 mobilenet_v2
mobilenet_v3_large mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnet50 resnext50_32x4d shufflenet_v2_x0_5 squeezenet1_1
vgg11 vgg11_bn wide_resnet50_2 deeplabv3_mobilenet_v3_large fcn_resnet50 lraspp_mobilenet_v3_large""".split()
AUXILIARY = {"googlenet", "inception_v3"}
FIGURES = ["macs", "peak_activation_bytes", "ram_int8_bytes"]
binary, *chosen = sys.argv[1:]


class First(torch.nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)["out"]


def model(family):
    torch.manual_seed(0)
    is_map = hasattr(torchvision.models.segmentation, family)
    more = {"init_weights": False} if family in AUXILIARY else {}
    maps = {"weights_backbone": None} if is_map else {}
    module = getattr(torchvision.models.segmentation if is_map else torchvision.models, family)(weights=None, **more, **maps)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1); part.running_var.uniform_(0.5, 1.5)
    module.eval()
    if family in AUXILIARY:
        module.aux_logits = False
    where = "torchvision.models.segmentation" if is_map else "torchvision.models"
    source = f"import torchvision\nnet = {where}.{family}({', '.join(f'{k}={v}' for k, v in (more | maps).items())})\nnet.eval()\n"
    return (First(module) if is_map else module), source


def call(*arguments):
    done = subprocess.run([binary, *arguments, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)


def of_file(found):
    """The least and most parameters that PyTorch may have, by the file's remarks."""
    least = most = found["params"]
    for problem in found["problems"]:
        numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", problem["message"])]
        if problem["rule"] == "folded":
            least, most = numbers[2], numbers[-1]
    for problem in found["problems"]:
        more = re.findall(r"up to ([\d,]+)", problem["message"])
        if problem["rule"] in ("zero_biases", "repeated"):
            most += sum(int(number.replace(",", "")) for number in more)
    return least, most


wrong = 0
for family in chosen or FAMILIES:
    module, source = model(family)
    size = 299 if family == "inception_v3" else 224
    x = torch.randn(1, 3, size, size)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        with open("net.py", "w") as file:
            file.write(source)
        expected = call("net.py", "--input", f"3x{size}x{size}")["models"][0]
        called = expected["params"] - sum(row["params"] or 0 for row in expected["rows"] if row["state"] == "uncalled")
        np.save("x.npy", x.numpy())
        for exporter in ("dynamo", "script"):
            torch.onnx.export(module, (x,), "net.onnx", dynamo=exporter == "dynamo", verbose=False)
            session = ort.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
            output = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
            found = call("net.onnx")["models"][0]
            run = subprocess.run([binary, "run", "net.onnx", "--values", "x.npy", "--save", "y.npy"], capture_output=True, text=True)
            error = np.abs(np.load("y.npy") - output).max() / np.abs(output).max() if run.returncode == 0 else np.inf
            least, most = of_file(found)
            differs = [key for key in FIGURES if found[key] != expected[key]]
            shapes = [row["output"] for row in found["rows"] if row["class"] in ("Conv2d", "Linear")]
            if shapes != [row["output"] for row in expected["rows"] if row["class"] in ("Conv2d", "Linear") and row["state"] == "ok"]:
                differs.append("shapes")
            if not least <= called <= most or found["completeness"] != "exact":
                differs.append("params")
            if not error <= 1e-5:
                differs.append("outputs")
            wrong += bool(differs)
            params = "=" if found["params"] == called else f"{found['params']:,} of {called:,}, named"
            print(f"{family:30} {exporter:7} params {params:38} error {error:.1e} {'differs: ' + ', '.join(differs) if differs else 'equal'}", flush=True)
sys.exit(wrong > 0)
