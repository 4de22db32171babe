"""Files of weights as PyTorch and safetensors write them, of the network of tests/core/files/weights.rs: tests/fixtures/weights/."""
import sys
import torch
from torch import nn
from safetensors.torch import save_file

folder = sys.argv[1]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(2)
        self.fc = nn.Linear(2, 3)


torch.manual_seed(0)
net = Net()
state = net.state_dict()
for index, tensor in enumerate(state.values()):
    if tensor.dtype == torch.float32:
        tensor.copy_(torch.arange(tensor.numel()).reshape(tensor.shape) / 8 + index)
torch.save(state, f"{folder}/state.pth")
# A checkpoint of a parallel module, in half precision, a weight stored the other way round, an optimiser beside.
half = {f"module.{name}": tensor.half() if tensor.dtype == torch.float32 else tensor for name, tensor in state.items()}
half["module.fc.weight"] = half["module.fc.weight"].t().contiguous().t()
momentum = {"state": {0: {"momentum_buffer": torch.ones(2, 1, 3, 3)}}, "param_groups": [{"lr": 0.1}]}
torch.save({"epoch": 3, "loss": 0.5, "state_dict": half, "optimizer": momentum}, f"{folder}/checkpoint.pt")
torch.save(net, f"{folder}/whole.pt")
torch.save(state, f"{folder}/old.pth", _use_new_zipfile_serialization=False)
save_file(state, f"{folder}/state.safetensors")
