"""Single modules and functions under PyTorch: parameters, buffers, MACs and shapes of each, for the import to match.

    python -m venv venv && venv/bin/pip install torch==2.9.1
    venv/bin/python tests/oracle/operations.py > tests/fixtures/pytorch_operations.json

MACs are half of what `torch.utils.flop_counter` counts, without kernels that it does not see into (oneDNN, the attention
without gradients), and without the batch norm's `num_batches_tracked` among the buffers' elements.
"""

import json
import sys

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

torch.backends.mkldnn.set_flags(False)

MODULES = [
    ("conv3d", "nn.Conv3d(3, 8, 3, padding=1)", (3, 6, 10, 10)),
    ("conv3d_groups", "nn.Conv3d(4, 8, (1, 3, 3), stride=(1, 2, 2), groups=2, bias=False)", (4, 5, 9, 9)),
    ("conv3d_same", "nn.Conv3d(2, 4, 3, padding='same', dilation=2)", (2, 6, 7, 8)),
    ("conv_transpose3d", "nn.ConvTranspose3d(4, 6, 2, stride=2)", (4, 3, 5, 5)),
    ("conv_transpose3d_out", "nn.ConvTranspose3d(4, 6, 3, 2, 1, output_padding=1, groups=2)", (4, 3, 5, 5)),
    ("max_pool3d", "nn.MaxPool3d((1, 2, 2), ceil_mode=True)", (4, 3, 5, 5)),
    ("avg_pool3d", "nn.AvgPool3d(2)", (4, 4, 6, 6)),
    ("adaptive3d", "nn.AdaptiveAvgPool3d((1, 2, None))", (4, 4, 6, 5)),
    ("batch_norm3d", "nn.BatchNorm3d(4)", (4, 3, 5, 5)),
    ("instance_norm3d", "nn.InstanceNorm3d(4, affine=True)", (4, 3, 5, 5)),
    ("conv1d", "nn.Sequential(nn.Conv1d(3, 8, 5, 2, 2), nn.BatchNorm1d(8), nn.AdaptiveMaxPool1d(3))", (3, 31)),
    ("conv_transpose1d", "nn.ConvTranspose1d(4, 2, 4, 2, 1)", (4, 20)),
    ("lstm", "nn.LSTM(5, 7, batch_first=True)", (9, 5)),
    ("lstm_deep", "nn.LSTM(5, 7, 3, bidirectional=True, batch_first=True, bias=False)", (9, 5)),
    ("lstm_projected", "nn.LSTM(5, 7, 2, proj_size=3, batch_first=True)", (9, 5)),
    ("gru", "nn.GRU(5, 7, 2, batch_first=True, bidirectional=True)", (9, 5)),
    ("rnn", "nn.RNN(5, 7, batch_first=True, nonlinearity='relu')", (9, 5)),
    ("attention_layer", "nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)", (10, 16)),
    ("encoder", "nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, norm_first=True, activation='gelu'), 2, nn.LayerNorm(16))", (10, 16)),
    ("glu", "nn.GLU(dim=1)", (6, 5)),
    ("unflatten", "nn.Unflatten(1, (2, 3))", (6, 5)),
    ("fold", "nn.Sequential(nn.Unfold(2, stride=2), nn.Fold((8, 6), 2, stride=2))", (3, 8, 6)),
    ("lp_pool", "nn.LPPool2d(2, 3, stride=2)", (3, 9, 9)),
    ("local_response", "nn.LocalResponseNorm(3)", (8, 5, 5)),
    ("rms_norm", "nn.RMSNorm(16)", (10, 16)),
    ("upsample_linear", "nn.Upsample(scale_factor=2, mode='linear')", (3, 9)),
    ("upsample_trilinear", "nn.Upsample(size=(4, 5, 6), mode='trilinear')", (3, 2, 3, 3)),
    ("upsample_bicubic", "nn.Upsample(scale_factor=1.5, mode='bicubic')", (3, 6, 6)),
    ("circular_pad", "nn.CircularPad2d((1, 2, 0, 1))", (3, 6, 6)),
    ("constant_pad3d", "nn.ConstantPad3d(1, 2.0)", (3, 4, 4, 4)),
    ("channel_shuffle", "nn.ChannelShuffle(2)", (4, 4, 4)),
    ("dropout3d", "nn.Dropout3d()", (3, 4, 4, 4)),
    ("softmax2d", "nn.Softmax2d()", (3, 4, 4)),
    ("weight_norm", "torch.nn.utils.weight_norm(nn.Conv2d(4, 8, 3))", (4, 8, 8)),
    ("weight_norm_new", "torch.nn.utils.parametrizations.weight_norm(nn.Linear(6, 5))", (6,)),
    ("weight_norm_all", "torch.nn.utils.weight_norm(nn.Linear(6, 5), dim=None)", (6,)),
    ("spectral_norm_transposed", "torch.nn.utils.spectral_norm(nn.ConvTranspose2d(4, 6, 3))", (4, 8, 8)),
    ("lstm_cell", "nn.LSTMCell(6, 5)", (6,)),
    ("gru_cell", "nn.GRUCell(6, 5)", (6,)),
]

FUNCTIONS = [
    ("matmul", "x @ x.transpose(-1, -2)", (4, 5)),
    ("matmul_vector", "x @ torch.ones(5)", (4, 5)),
    ("matmul_vector_strided", "x.transpose(1, 2) @ torch.ones(4)", (4, 5)),
    ("bmm", "torch.bmm(x, x.permute(0, 2, 1))", (4, 5)),
    ("matmul_broadcast", "x.unsqueeze(1) @ torch.ones(3, 5, 2)", (4, 5)),
    ("einsum_attention", "torch.einsum('bid,bjd->bij', x, x)", (4, 5)),
    ("einsum_outer", "torch.einsum('bi,bj->bij', x[:, 0], x[:, 1])", (4, 5)),
    ("einsum_sum", "torch.einsum('bij->bj', x)", (4, 5)),
    ("einsum_three", "torch.einsum('bij,jk,kl->bil', x, torch.ones(5, 3), torch.ones(3, 2))", (4, 5)),
    ("einsum_dots", "torch.einsum('...ij,...kj->...ik', x, x)", (3, 4, 5)),
    ("einsum_ones", "torch.einsum('bid,bjd->bij', x[:, :1], x[:, :1])", (4, 5)),
    ("einsum_one_summed", "torch.einsum('bij,bjd->bid', x[:, :, :1], x[:, :1])", (4, 5)),
    ("einsum_implicit", "torch.einsum('bij,jk', x, torch.ones(5, 3))", (4, 5)),
    ("baddbmm", "torch.baddbmm(torch.ones(1, 4, 4), x, x.transpose(1, 2))", (4, 5)),
    ("softmax", "torch.softmax(x, -1)", (4, 5)),
    ("cumsum", "x.cumsum(1)", (4, 5)),
    ("topk", "x.topk(2, dim=1)[0]", (4, 5)),
    ("topk_values", "torch.topk(x, 3).values", (4, 5)),
    ("sort", "x.sort(dim=-1)[0]", (4, 5)),
    ("median", "x.median(dim=1).values", (4, 5)),
    ("max_all", "x / x.max()", (4, 5)),
    ("max_keep", "x.max(2, keepdim=True)[0]", (4, 5)),
    ("norm", "x.norm(2, 1)", (4, 5)),
    ("norm_keep", "torch.norm(x, dim=(1, 2), keepdim=True)", (4, 5)),
    ("std", "x.std(1, unbiased=False, keepdim=True)", (4, 5)),
    ("var_mean", "(x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt()", (4, 5)),
    ("logsumexp", "torch.logsumexp(x, dim=1)", (4, 5)),
    ("where", "torch.where(x > 0, x, torch.zeros(()))", (4, 5)),
    ("masked_fill", "x.masked_fill(torch.ones(4, 5) == 1, 0.0)", (4, 5)),
    ("minimum", "torch.minimum(x, x.mean(1, keepdim=True))", (4, 5)),
    ("stack", "torch.stack([x, x, x], dim=2)", (4, 5)),
    ("repeat", "x.repeat(1, 2, 3)", (4, 5)),
    ("repeat_interleave", "x.repeat_interleave(3, dim=1)", (4, 5)),
    ("expand", "x[:, :1].expand(-1, 7, -1)", (4, 5)),
    ("flip", "x.flip(1)", (4, 5)),
    ("roll", "torch.roll(x, shifts=(1, -1), dims=(1, 2))", (4, 5)),
    ("gather_rows", "x[:, torch.tensor([0, 2, 2])]", (4, 5)),
    ("steps", "x[:, ::2]", (4, 5)),
    ("unfold_method", "x.unfold(1, 3, 2)", (7, 5)),
    ("movedim", "torch.movedim(x, 1, -1)", (4, 5, 6)),
    ("swapaxes", "x.swapaxes(1, 2)", (4, 5)),
    ("narrow", "x.narrow(2, 1, 3)", (4, 5)),
    ("select", "x.select(1, 2)", (4, 5)),
    ("index_select", "x.index_select(1, torch.tensor([1, 3]))", (4, 5)),
    ("diagonal", "torch.diagonal(x, dim1=1, dim2=2)", (4, 5)),
    ("cosine", "F.cosine_similarity(x, x, dim=2)", (4, 5)),
    ("normalize", "F.normalize(x, dim=1)", (4, 5)),
    ("glu_function", "F.glu(x, dim=1)", (4, 5)),
    ("attention", "F.scaled_dot_product_attention(x, x, x)", (2, 6, 4)),
    ("grid_sample", "F.grid_sample(x, torch.zeros(1, 3, 2, 2))", (2, 6, 4)),
    ("unfold_image", "F.unfold(x, 3, padding=1)", (2, 6, 4)),
    ("fold_image", "F.fold(F.unfold(x, 2, stride=2), (6, 4), 2, stride=2)", (2, 6, 4)),
    ("interpolate_area", "F.interpolate(x, size=(3, 2), mode='area')", (2, 6, 4)),
    ("pad_circular", "F.pad(x, (1, 1), mode='circular')", (4, 5)),
    ("pad_channels", "F.pad(x, (0, 0, 0, 0, 1, 2))", (2, 6, 4)),
    ("conv1d_function", "F.conv1d(x, torch.ones(3, 4, 2))", (4, 9)),
    ("conv3d_function", "F.avg_pool3d(x, 2)", (2, 4, 6, 6)),
    ("pow", "x ** 2 + 2 ** x", (4, 5)),
    ("clamp", "x.clamp(min=1e-6).log().exp()", (4, 5)),
    ("chunk", "torch.cat([b * a for a, b in zip(x.chunk(2, 1), x.split(2, 1))], 1)", (4, 5)),
    ("unbind", "sum(x.unbind(1))", (4, 5)),
    ("mean_all", "x.mean()", (4, 5)),
    ("argmax", "x.argmax(1)", (4, 5)),
    ("prod", "x.prod(1, keepdim=True) * x", (4, 5)),
    ("triu", "x.triu() + torch.tril(x)", (4, 4)),
    ("outer_sum", "x[:, :, None] + x[:, None, :]", (6,)),
    ("numel", "x.reshape(x.size(0), x.numel() // x.size(0))", (4, 5)),
    ("view_as", "x.view(1, -1).view_as(x)", (4, 5)),
    ("unflatten_method", "x.unflatten(1, (2, -1))", (4, 5)),
    ("amax", "x.amax(dim=(1, 2))", (4, 5)),
    ("count", "x * x.shape[1] ** -0.5", (4, 5)),
]


def shapes(output):
    if isinstance(output, torch.Tensor):
        return [list(output.shape)]
    return [shape for one in output for shape in shapes(one)]


def measured(text, size):
    names = {}
    exec(text, names)
    model = names["model"].eval()
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        output = model(torch.rand(1, *size))
    parameters = sum(one.numel() for one in model.parameters())
    buffers = sum(one.numel() for one in model.buffers())
    return {"params": parameters, "buffers": buffers, "macs": counter.get_total_flops() // 2, "outputs": shapes(output)}


def main():
    cases = []
    for name, text, size in MODULES:
        cases.append((name, f"import torch\nfrom torch import nn\nmodel = {text}\n", size))
    for name, text, size in FUNCTIONS:
        text = (
            "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\nclass Net(nn.Module):\n"
            "    def __init__(self):\n        super().__init__()\n        self.scale = nn.Parameter(torch.ones(1))\n\n"
            f"    def forward(self, x):\n        x = x * self.scale\n        return {text}\n\n\nmodel = Net()\n"
        )
        cases.append((name, text, size))
    found = []
    for name, text, size in cases:
        try:
            found.append({"name": name, "text": text, "input": list(size), **measured(text, size)})
        except Exception as error:
            print(name, error, file=sys.stderr)
    print(json.dumps(found, indent=1))


main()
