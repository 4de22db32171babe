# What texts use of timm, after timm 1.0.31 (https://github.com/huggingface/pytorch-image-models), shortened:
# Apache License 2.0, Copyright 2019 Ross Wightman.
import functools
import torch
from torch import nn
import torch.nn.functional as F

Linear = nn.Linear
PadType = LayerType = None


def to_ntuple(n):

    def parse(x):
        if isinstance(x, (list, tuple)):
            return tuple(x)
        return (x,) * n
    return parse
to_1tuple = to_ntuple(1)
to_2tuple = to_ntuple(2)
to_3tuple = to_ntuple(3)
to_4tuple = to_ntuple(4)


def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0):
    return tensor


def lecun_normal_(tensor):
    return tensor


def variance_scaling_(tensor, scale=1.0, mode='fan_in', distribution='normal'):
    return tensor


def trunc_normal_tf_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0):
    return tensor


def init_weight_vit(module, name, init_bias=0.02, head_bias=0.0):
    pass


def init_weight_jax(module, name, head_bias=0.0):
    pass


def drop_path(x, drop_prob=0.0, training=False, scale_by_keep=True):
    return x


class DropBlock2d(nn.Module):
    def __init__(
        self, drop_prob=0.1, block_size=7, gamma_scale=1.0, with_noise=False, inplace=False, batchwise=False,
        fast=True, **_
    ):
        super().__init__()

    def forward(self, x):
        return x


class PatchDropout(DropBlock2d):
    pass


def use_fused_attn(experimental=False):
    return True


def is_exportable():
    return False


def is_scriptable():
    return False


def is_fast_norm():
    return False


def set_fused_attn(enable=True, experimental=False):
    pass


def get_device_dtype(module, device=None, dtype=None):
    return {'device': device, 'dtype': dtype}
_ACTS = dict(
    silu=nn.SiLU, swish=nn.SiLU, mish=nn.Mish, relu=nn.ReLU, relu6=nn.ReLU6, leaky_relu=nn.LeakyReLU, elu=nn.ELU,
    prelu=nn.PReLU, celu=nn.CELU, selu=nn.SELU, gelu=nn.GELU, gelu_tanh=nn.GELU, quick_gelu=nn.SiLU,
    sigmoid=nn.Sigmoid, tanh=nn.Tanh, hard_sigmoid=nn.Hardsigmoid, hard_swish=nn.Hardswish,
    hard_mish=nn.Hardswish, identity=nn.Identity
)


def get_act_layer(name='relu'):
    if not isinstance(name, str):
        return name
    return _ACTS[name.lower()] if name else None


def create_act_layer(name, inplace=None, **kwargs):
    act_layer = get_act_layer(name)
    return None if act_layer is None else act_layer()
_ACT_FNS = dict(
    silu=F.silu, swish=F.silu, mish=F.mish, relu=F.relu, relu6=F.relu6, leaky_relu=F.leaky_relu, elu=F.elu,
    celu=F.celu, selu=F.selu, gelu=F.gelu, sigmoid=torch.sigmoid, tanh=torch.tanh, hard_sigmoid=F.hardsigmoid,
    hard_swish=F.hardswish
)


def get_act_fn(name='relu'):
    if not isinstance(name, str):
        return name
    return _ACT_FNS[name.lower()] if name else None


class LayerNorm(nn.LayerNorm):
    def __init__(self, num_channels, eps=1e-06, affine=True, **_):
        super().__init__(num_channels, eps=eps, elementwise_affine=affine)


class LayerNorm2d(LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class LayerNormExp2d(LayerNorm2d):
    pass
LayerNormFp32 = LayerNorm
LayerNorm2dFp32 = LayerNorm2d


class GroupNorm(nn.GroupNorm):
    def __init__(self, num_channels, num_groups=32, eps=1e-05, affine=True, **_):
        super().__init__(num_groups, num_channels, eps=eps, affine=affine)


class GroupNorm1(nn.GroupNorm):
    def __init__(self, num_channels, **_):
        super().__init__(1, num_channels)


class RmsNorm(nn.RMSNorm):
    def __init__(self, channels, eps=1e-06, affine=True, **_):
        super().__init__(channels, eps=eps, elementwise_affine=affine)


class RmsNorm2d(RmsNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class SimpleNorm(RmsNorm):
    pass


class SimpleNorm2d(RmsNorm2d):
    pass


class _NormAct(nn.Module):
    def __init__(
        self, channels, eps=1e-05, affine=True, apply_act=True, act_layer=nn.ReLU, act_kwargs=None, inplace=True,
        drop_layer=None, **_
    ):
        super().__init__(channels, eps=eps, affine=affine)
        self.drop = drop_layer() if drop_layer is not None else nn.Identity()
        self.act = create_act_layer(act_layer) if apply_act and act_layer is not None else nn.Identity()

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class BatchNormAct2d(nn.BatchNorm2d):
    def __init__(
        self, num_features, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, apply_act=True,
        act_layer=nn.ReLU, act_kwargs=None, inplace=True, drop_layer=None, **_
    ):
        super().__init__(
            num_features, eps=eps, momentum=momentum, affine=affine, track_running_stats=track_running_stats
        )
        self.drop = drop_layer() if drop_layer is not None else nn.Identity()
        self.act = create_act_layer(act_layer) if apply_act and act_layer is not None else nn.Identity()

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class GroupNormAct(nn.GroupNorm):
    def __init__(
        self, num_channels, num_groups=32, eps=1e-05, affine=True, group_size=None, apply_act=True,
        act_layer=nn.ReLU, act_kwargs=None, inplace=True, drop_layer=None, **_
    ):
        super().__init__(
            num_channels // group_size if group_size else num_groups, num_channels, eps=eps, affine=affine
        )
        self.drop = drop_layer() if drop_layer is not None else nn.Identity()
        self.act = create_act_layer(act_layer) if apply_act and act_layer is not None else nn.Identity()

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class GroupNorm1Act(GroupNormAct):
    def __init__(self, num_channels, num_groups=1, **kwargs):
        super().__init__(num_channels, 1, **kwargs)


class LayerNormAct(nn.LayerNorm):
    def __init__(
        self, normalization_shape, eps=1e-05, affine=True, apply_act=True, act_layer=nn.ReLU, act_kwargs=None,
        inplace=True, drop_layer=None, **_
    ):
        super().__init__(normalization_shape, eps=eps, elementwise_affine=affine)
        self.drop = drop_layer() if drop_layer is not None else nn.Identity()
        self.act = create_act_layer(act_layer) if apply_act and act_layer is not None else nn.Identity()

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class LayerNormAct2d(LayerNormAct):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
_NORMS = dict(
    batchnorm=nn.BatchNorm2d, batchnorm2d=nn.BatchNorm2d, batchnorm1d=nn.BatchNorm1d, groupnorm=GroupNorm,
    groupnorm1=GroupNorm1, layernorm=LayerNorm, layernorm2d=LayerNorm2d, rmsnorm=RmsNorm, rmsnorm2d=RmsNorm2d,
    simplenorm=SimpleNorm, simplenorm2d=SimpleNorm2d, layernormfp32=LayerNorm, layernorm2dfp32=LayerNorm2d
)
_NORM_ACTS = dict(
    batchnorm=BatchNormAct2d, batchnorm2d=BatchNormAct2d, groupnorm=GroupNormAct, groupnorm1=GroupNorm1Act,
    layernorm=LayerNormAct, layernorm2d=LayerNormAct2d
)


def _norm(table, layer, extra):
    kwargs = dict(extra)
    if isinstance(layer, functools.partial):
        kwargs.update(layer.keywords)
        layer = layer.func
    if isinstance(layer, str):
        if not layer:
            return None
        layer = table[layer.replace('_', '').lower().split('-')[0]]
    elif extra and layer not in table.values():
        layer = table.get(layer.__name__.lower(), layer)
    return functools.partial(layer, **kwargs) if kwargs else layer


def get_norm_layer(norm_layer):
    return None if norm_layer is None else _norm(_NORMS, norm_layer, {})


def create_norm_layer(layer_name, num_features, **kwargs):
    return get_norm_layer(layer_name)(num_features, **kwargs)


def get_norm_act_layer(norm_layer, act_layer=None):
    return None if norm_layer is None else _norm(_NORM_ACTS, norm_layer, {'act_layer': act_layer})


def create_norm_act_layer(layer_name, num_features, act_layer=None, apply_act=True, jit=False, **kwargs):
    return get_norm_act_layer(layer_name, act_layer)(num_features, apply_act=apply_act, **kwargs)


def resample_abs_pos_embed(
    posemb, new_size, old_size=None, num_prefix_tokens=1, interpolation='bicubic', antialias=True, verbose=False
):
    return posemb


def resample_abs_pos_embed_nhwc(posemb, new_size, interpolation='bicubic', antialias=True, verbose=False):
    return posemb


def resample_patch_embed(patch_embed, new_size, interpolation='bicubic', antialias=True, verbose=False):
    return patch_embed


def resize_rel_pos_bias_table_levit(position_bias_table, new_size, interpolation='bicubic', antialias=True):
    return position_bias_table


def resize_rel_pos_bias_table(rel_pos_bias, new_window_size, new_bias_shape):
    return rel_pos_bias
