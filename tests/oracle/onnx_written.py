"""What `convscope export onnx` writes: accepted by onnx.checker, and onnxruntime computes what `convscope run` does, within 1e-5.

    python tests/oracle/onnx_written.py target/release/convscope
"""
import subprocess, sys, tempfile
import numpy as np, onnx, onnxruntime as ort

DESIGNS = """2x9x8.c3k2.c4k3x2s2p1x0.ctk3s2p1.relu6.max3s2p1.avg2.gap.flat.fc3.softmax
4x8x6.c8k3p1g4.c6k3g2d2p2.bn.gn2.silu.gelu.mish.hswish.hsigm.elu.selu.celu.lrelu.prelu.tanh.sigm.logsoftmax
8x6x6.shuffle2.pshuffle2.punshuffle2.htanh.ssign.splus.logsigm.in.ln2d.ln.lrn.pad.rpad.epad.cpad.view
2x20.conv1d4k3s2p1.bn1d.relu.maxpool1d.deconv1d3k3s2.avgpool1d.in1d.gap1d.flat.fc2
4x6x6.c4k3p1.relu.add~1~IN.chunk2.cat~1~2.mul~1~1.num.mean.drop
3x32x32.c16k3p1.bn.relu.c16k3p1.bn.add~1~4.relu.max2.gap.flat.fc10""".split()
binary = sys.argv[1]
worst = 0.0
for design in DESIGNS:
    with tempfile.TemporaryDirectory() as folder:
        call = lambda *arguments: subprocess.run([binary, *arguments], check=True, capture_output=True, cwd=folder)
        call("export", "onnx", design, "-o", "x.onnx")
        onnx.checker.check_model(f"{folder}/x.onnx", full_check=True)
        shape = [1, *map(int, design.split(".")[0].split("x"))]
        values = np.random.default_rng(0).standard_normal(shape).astype("f")
        np.save(f"{folder}/in.npy", values)
        call("run", design, "--values", "in.npy", "--save", "out.npy")
        session = ort.InferenceSession(f"{folder}/x.onnx", providers=["CPUExecutionProvider"])
        expected, found = session.run(None, {"input": values})[0], np.load(f"{folder}/out.npy")
        assert expected.shape == found.shape, design
        error = np.abs(expected - found).max() / np.abs(expected).max()
        worst = max(worst, error)
        print(f"{error:.1e} {design}")
assert worst <= 1e-5, worst
