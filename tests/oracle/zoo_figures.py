"""Torchvision's models under PyTorch, for the import to match by name and by `print(model)`.

    python -m venv venv && venv/bin/pip install torch==2.9.1 torchvision==0.24.1
    venv/bin/python tests/oracle/zoo_figures.py folder

writes `corpus.tsv` and the texts that it names, as `tests/core/pytorch/corpus.rs` reads them.
"""

import sys
from pathlib import Path

import torch
import torchvision
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

torch.backends.mkldnn.set_flags(False)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for name in torchvision.models.list_models():
        if any(word in name for word in ("quantized", "raft", "rcnn", "retina", "fcos", "ssd", "mc3", "r3d", "r2plus1d", "s3d", "mvit", "swin3d")):
            continue
        options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        if any(word in name for word in ("fcn", "deeplab", "lraspp")):
            options["weights_backbone"] = None
        # Shapes are enough; what computes numbers when it is made is moved there behind.
        try:
            with torch.device("meta"):
                model = torchvision.models.get_model(name, weights=None, **options).eval()
        except NotImplementedError:
            model = torchvision.models.get_model(name, weights=None, **options).eval().to("meta")
        side = 299 if name == "inception_v3" else 224
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            output = model(torch.rand(1, 3, side, side, device="meta"))
        outputs = [output] if isinstance(output, torch.Tensor) else list(output.values())
        shapes = " ".join("x".join(map(str, one.shape)) for one in outputs)
        params = sum(one.numel() for one in model.parameters())
        buffers = sum(one.numel() for one in model.buffers())
        figures = f"3x{side}x{side}\t{params}\t{counter.get_total_flops() // 2}\t{buffers}\t{shapes}"
        place = "models.segmentation" if options.get("weights_backbone", 0) is None else "models"
        (folder / f"{name}.py").write_text(f"import torchvision.models as models\n\nmodel = {place}.{name}()\n")
        (folder / f"{name}.print.txt").write_text(str(model) + "\n")
        lines.append(f"{name}.py\tby name\t{figures}")
        lines.append(f"{name}.print.txt\tprinted\t{figures}")
        print(name, figures, file=sys.stderr)
        (folder / "corpus.tsv").write_text("\n".join(lines) + "\n")


main()
