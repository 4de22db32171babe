# What texts use of timm, after timm 1.0.31 (https://github.com/huggingface/pytorch-image-models), shortened:
# Apache License 2.0, Copyright 2019 Ross Wightman.
import torch
from torch import nn
import torch.nn.functional as F
from timm.layers import (
    Attention2d, ConvNormAct, LayerScale2d, MultiQueryAttention2d, create_aa, create_conv2d, get_norm_act_layer,
    make_divisible, to_2tuple
)


def efficientnet_init_weights(model, init_fn=None):
    pass


def num_groups(group_size, channels):
    if not group_size:
        return 1
    else:
        return channels // group_size


class DepthwiseSeparableConv(nn.Module):
    def __init__(
        self, in_chs, out_chs, dw_kernel_size=3, stride=1, dilation=1, group_size=1, pad_type='', noskip=False,
        pw_kernel_size=1, pw_act=False, s2d=0, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d, aa_layer=None,
        se_layer=None, drop_path_rate=0.0, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        norm_act_layer = get_norm_act_layer(norm_layer, act_layer)
        self.has_skip = (stride == 1 and in_chs == out_chs) and (not noskip)
        self.has_pw_act = pw_act
        use_aa = aa_layer is not None and stride > 1
        if s2d == 1:
            sd_chs = int(in_chs * 4)
            self.conv_s2d = create_conv2d(in_chs, sd_chs, kernel_size=2, stride=2, padding='same', **dd)
            self.bn_s2d = norm_act_layer(sd_chs, **dd)
            dw_kernel_size = (dw_kernel_size + 1) // 2
            dw_pad_type = 'same' if dw_kernel_size == 2 else pad_type
            in_chs = sd_chs
            use_aa = False
        else:
            self.conv_s2d = None
            self.bn_s2d = None
            dw_pad_type = pad_type
        groups = num_groups(group_size, in_chs)
        self.conv_dw = create_conv2d(
            in_chs, in_chs, dw_kernel_size, stride=1 if use_aa else stride, dilation=dilation,
            padding=dw_pad_type, groups=groups, **dd
        )
        self.bn1 = norm_act_layer(in_chs, inplace=True, **dd)
        self.aa = create_aa(aa_layer, channels=out_chs, stride=stride, enable=use_aa, **dd)
        self.se = se_layer(in_chs, act_layer=act_layer, **dd) if se_layer else nn.Identity()
        self.conv_pw = create_conv2d(in_chs, out_chs, pw_kernel_size, padding=pad_type, **dd)
        self.bn2 = norm_act_layer(out_chs, inplace=True, apply_act=self.has_pw_act, **dd)
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate else nn.Identity()

    def feature_info(self, location):
        if location == 'expansion':
            return dict(module='conv_pw', hook_type='forward_pre', num_chs=self.conv_pw.in_channels)
        else:
            return dict(module='', num_chs=self.conv_pw.out_channels)

    def forward(self, x):
        shortcut = x
        if self.conv_s2d is not None:
            x = self.conv_s2d(x)
            x = self.bn_s2d(x)
        x = self.conv_dw(x)
        x = self.bn1(x)
        x = self.aa(x)
        x = self.se(x)
        x = self.conv_pw(x)
        x = self.bn2(x)
        if self.has_skip:
            x = self.drop_path(x) + shortcut
        return x


class InvertedResidual(nn.Module):
    def __init__(
        self, in_chs, out_chs, dw_kernel_size=3, stride=1, dilation=1, group_size=1, pad_type='', noskip=False,
        exp_ratio=1.0, exp_kernel_size=1, pw_kernel_size=1, s2d=0, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d,
        aa_layer=None, se_layer=None, conv_kwargs=None, drop_path_rate=0.0, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        norm_act_layer = get_norm_act_layer(norm_layer, act_layer)
        conv_kwargs = conv_kwargs or {}
        self.has_skip = (in_chs == out_chs and stride == 1) and (not noskip)
        use_aa = aa_layer is not None and stride > 1
        if s2d == 1:
            sd_chs = int(in_chs * 4)
            self.conv_s2d = create_conv2d(in_chs, sd_chs, kernel_size=2, stride=2, padding='same', **dd)
            self.bn_s2d = norm_act_layer(sd_chs, **dd)
            dw_kernel_size = (dw_kernel_size + 1) // 2
            dw_pad_type = 'same' if dw_kernel_size == 2 else pad_type
            in_chs = sd_chs
            use_aa = False
        else:
            self.conv_s2d = None
            self.bn_s2d = None
            dw_pad_type = pad_type
        mid_chs = make_divisible(in_chs * exp_ratio)
        groups = num_groups(group_size, mid_chs)
        self.conv_pw = create_conv2d(in_chs, mid_chs, exp_kernel_size, padding=pad_type, **conv_kwargs, **dd)
        self.bn1 = norm_act_layer(mid_chs, inplace=True, **dd)
        self.conv_dw = create_conv2d(
            mid_chs, mid_chs, dw_kernel_size, stride=1 if use_aa else stride, dilation=dilation, groups=groups,
            padding=dw_pad_type, **conv_kwargs, **dd
        )
        self.bn2 = norm_act_layer(mid_chs, inplace=True, **dd)
        self.aa = create_aa(aa_layer, channels=mid_chs, stride=stride, enable=use_aa, **dd)
        self.se = se_layer(mid_chs, act_layer=act_layer, **dd) if se_layer else nn.Identity()
        self.conv_pwl = create_conv2d(mid_chs, out_chs, pw_kernel_size, padding=pad_type, **conv_kwargs, **dd)
        self.bn3 = norm_act_layer(out_chs, apply_act=False, **dd)
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate else nn.Identity()

    def feature_info(self, location):
        if location == 'expansion':
            return dict(module='conv_pwl', hook_type='forward_pre', num_chs=self.conv_pwl.in_channels)
        else:
            return dict(module='', num_chs=self.conv_pwl.out_channels)

    def forward(self, x):
        shortcut = x
        if self.conv_s2d is not None:
            x = self.conv_s2d(x)
            x = self.bn_s2d(x)
        x = self.conv_pw(x)
        x = self.bn1(x)
        x = self.conv_dw(x)
        x = self.bn2(x)
        x = self.aa(x)
        x = self.se(x)
        x = self.conv_pwl(x)
        x = self.bn3(x)
        if self.has_skip:
            x = self.drop_path(x) + shortcut
        return x


class UniversalInvertedResidual(nn.Module):
    def __init__(
        self, in_chs, out_chs, dw_kernel_size_start=0, dw_kernel_size_mid=3, dw_kernel_size_end=0, stride=1,
        dilation=1, group_size=1, pad_type='', noskip=False, exp_ratio=1.0, act_layer=nn.ReLU,
        norm_layer=nn.BatchNorm2d, aa_layer=None, se_layer=None, conv_kwargs=None, drop_path_rate=0.0,
        layer_scale_init_value=1e-05, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        conv_kwargs = conv_kwargs or {}
        self.has_skip = (in_chs == out_chs and stride == 1) and (not noskip)
        if stride > 1:
            pass
        if dw_kernel_size_start:
            dw_start_stride = stride if not dw_kernel_size_mid else 1
            dw_start_groups = num_groups(group_size, in_chs)
            self.dw_start = ConvNormAct(
                in_chs, in_chs, dw_kernel_size_start, stride=dw_start_stride, dilation=dilation,
                groups=dw_start_groups, padding=pad_type, apply_act=False, act_layer=act_layer,
                norm_layer=norm_layer, aa_layer=aa_layer, **conv_kwargs, **dd
            )
        else:
            self.dw_start = nn.Identity()
        mid_chs = make_divisible(in_chs * exp_ratio)
        self.pw_exp = ConvNormAct(
            in_chs, mid_chs, 1, padding=pad_type, act_layer=act_layer, norm_layer=norm_layer, **conv_kwargs, **dd
        )
        if dw_kernel_size_mid:
            groups = num_groups(group_size, mid_chs)
            self.dw_mid = ConvNormAct(
                mid_chs, mid_chs, dw_kernel_size_mid, stride=stride, dilation=dilation, groups=groups,
                padding=pad_type, act_layer=act_layer, norm_layer=norm_layer, aa_layer=aa_layer, **conv_kwargs,
                **dd
            )
        else:
            self.dw_mid = nn.Identity()
        self.se = se_layer(mid_chs, act_layer=act_layer, **dd) if se_layer else nn.Identity()
        self.pw_proj = ConvNormAct(
            mid_chs, out_chs, 1, padding=pad_type, apply_act=False, act_layer=act_layer, norm_layer=norm_layer,
            **conv_kwargs, **dd
        )
        if dw_kernel_size_end:
            dw_end_stride = stride if not dw_kernel_size_start and (not dw_kernel_size_mid) else 1
            dw_end_groups = num_groups(group_size, out_chs)
            if dw_end_stride > 1:
                pass
            self.dw_end = ConvNormAct(
                out_chs, out_chs, dw_kernel_size_end, stride=dw_end_stride, dilation=dilation,
                groups=dw_end_groups, padding=pad_type, apply_act=False, act_layer=act_layer,
                norm_layer=norm_layer, **conv_kwargs, **dd
            )
        else:
            self.dw_end = nn.Identity()
        if layer_scale_init_value is not None:
            self.layer_scale = LayerScale2d(out_chs, layer_scale_init_value, **dd)
        else:
            self.layer_scale = nn.Identity()
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate else nn.Identity()

    def feature_info(self, location):
        if location == 'expansion':
            return dict(module='pw_proj.conv', hook_type='forward_pre', num_chs=self.pw_proj.conv.in_channels)
        else:
            return dict(module='', num_chs=self.pw_proj.conv.out_channels)

    def forward(self, x):
        shortcut = x
        x = self.dw_start(x)
        x = self.pw_exp(x)
        x = self.dw_mid(x)
        x = self.se(x)
        x = self.pw_proj(x)
        x = self.dw_end(x)
        x = self.layer_scale(x)
        if self.has_skip:
            x = self.drop_path(x) + shortcut
        return x


class MobileAttention(nn.Module):
    def __init__(
        self, in_chs, out_chs, stride=1, dw_kernel_size=3, dilation=1, group_size=1, pad_type='', num_heads=8,
        key_dim=64, value_dim=64, use_multi_query=False, query_strides=(1, 1), kv_stride=1, cpe_dw_kernel_size=3,
        noskip=False, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d, aa_layer=None, drop_path_rate=0.0,
        attn_drop=0.0, proj_drop=0.0, layer_scale_init_value=1e-05, use_bias=False, use_cpe=False, device=None,
        dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        norm_act_layer = get_norm_act_layer(norm_layer, act_layer)
        self.has_skip = (stride == 1 and in_chs == out_chs) and (not noskip)
        self.query_strides = to_2tuple(query_strides)
        self.kv_stride = kv_stride
        self.has_query_stride = any([s > 1 for s in self.query_strides])
        if use_cpe:
            self.conv_cpe_dw = create_conv2d(
                in_chs, in_chs, kernel_size=cpe_dw_kernel_size, dilation=dilation, depthwise=True, bias=True, **dd
            )
        else:
            self.conv_cpe_dw = None
        self.norm = norm_act_layer(in_chs, apply_act=False, **dd)
        if num_heads is None:
            num_heads = in_chs // key_dim
        if use_multi_query:
            self.attn = MultiQueryAttention2d(
                in_chs, dim_out=out_chs, num_heads=num_heads, key_dim=key_dim, value_dim=value_dim,
                query_strides=query_strides, kv_stride=kv_stride, dw_kernel_size=dw_kernel_size,
                dilation=dilation, padding=pad_type, attn_drop=attn_drop, proj_drop=proj_drop,
                norm_layer=norm_layer, **dd
            )
        else:
            self.attn = Attention2d(
                in_chs, dim_out=out_chs, num_heads=num_heads, attn_drop=attn_drop, proj_drop=proj_drop,
                bias=use_bias, **dd
            )
        if layer_scale_init_value is not None:
            self.layer_scale = LayerScale2d(out_chs, layer_scale_init_value, **dd)
        else:
            self.layer_scale = nn.Identity()
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate else nn.Identity()

    def feature_info(self, location):
        if location == 'expansion':
            return dict(module='conv_pw', hook_type='forward_pre', num_chs=self.conv_pw.in_channels)
        else:
            return dict(module='', num_chs=self.conv_pw.out_channels)

    def forward(self, x):
        if self.conv_cpe_dw is not None:
            x_cpe = self.conv_cpe_dw(x)
            x = x + x_cpe
        shortcut = x
        x = self.norm(x)
        x = self.attn(x)
        x = self.layer_scale(x)
        if self.has_skip:
            x = self.drop_path(x) + shortcut
        return x


class CondConvResidual(InvertedResidual):
    def __init__(
        self, in_chs, out_chs, dw_kernel_size=3, stride=1, dilation=1, group_size=1, pad_type='', noskip=False,
        exp_ratio=1.0, exp_kernel_size=1, pw_kernel_size=1, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d,
        aa_layer=None, se_layer=None, num_experts=0, drop_path_rate=0.0, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        self.num_experts = num_experts
        conv_kwargs = dict(num_experts=self.num_experts)
        super().__init__(
            in_chs, out_chs, dw_kernel_size=dw_kernel_size, stride=stride, dilation=dilation,
            group_size=group_size, pad_type=pad_type, noskip=noskip, exp_ratio=exp_ratio,
            exp_kernel_size=exp_kernel_size, pw_kernel_size=pw_kernel_size, act_layer=act_layer,
            norm_layer=norm_layer, aa_layer=aa_layer, se_layer=se_layer, conv_kwargs=conv_kwargs,
            drop_path_rate=drop_path_rate, **dd
        )
        self.routing_fn = nn.Linear(in_chs, self.num_experts, **dd)

    def forward(self, x):
        shortcut = x
        pooled_inputs = F.adaptive_avg_pool2d(x, 1).flatten(1)
        routing_weights = torch.sigmoid(self.routing_fn(pooled_inputs))
        x = self.conv_pw(x, routing_weights)
        x = self.bn1(x)
        x = self.conv_dw(x, routing_weights)
        x = self.bn2(x)
        x = self.se(x)
        x = self.conv_pwl(x, routing_weights)
        x = self.bn3(x)
        if self.has_skip:
            x = self.drop_path(x) + shortcut
        return x


class EdgeResidual(nn.Module):
    def __init__(
        self, in_chs, out_chs, exp_kernel_size=3, stride=1, dilation=1, group_size=0, pad_type='', force_in_chs=0,
        noskip=False, exp_ratio=1.0, pw_kernel_size=1, act_layer=nn.ReLU, norm_layer=nn.BatchNorm2d,
        aa_layer=None, se_layer=None, drop_path_rate=0.0, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        norm_act_layer = get_norm_act_layer(norm_layer, act_layer)
        if force_in_chs > 0:
            mid_chs = make_divisible(force_in_chs * exp_ratio)
        else:
            mid_chs = make_divisible(in_chs * exp_ratio)
        groups = num_groups(group_size, mid_chs)
        self.has_skip = (in_chs == out_chs and stride == 1) and (not noskip)
        use_aa = aa_layer is not None and stride > 1
        self.conv_exp = create_conv2d(
            in_chs, mid_chs, exp_kernel_size, stride=1 if use_aa else stride, dilation=dilation, groups=groups,
            padding=pad_type, **dd
        )
        self.bn1 = norm_act_layer(mid_chs, inplace=True, **dd)
        self.aa = create_aa(aa_layer, channels=mid_chs, stride=stride, enable=use_aa, **dd)
        self.se = se_layer(mid_chs, act_layer=act_layer, **dd) if se_layer else nn.Identity()
        self.conv_pwl = create_conv2d(mid_chs, out_chs, pw_kernel_size, padding=pad_type, **dd)
        self.bn2 = norm_act_layer(out_chs, apply_act=False, **dd)
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate else nn.Identity()

    def feature_info(self, location):
        if location == 'expansion':
            return dict(module='conv_pwl', hook_type='forward_pre', num_chs=self.conv_pwl.in_channels)
        else:
            return dict(module='', num_chs=self.conv_pwl.out_channels)

    def forward(self, x):
        shortcut = x
        x = self.conv_exp(x)
        x = self.bn1(x)
        x = self.aa(x)
        x = self.se(x)
        x = self.conv_pwl(x)
        x = self.bn2(x)
        if self.has_skip:
            x = self.drop_path(x) + shortcut
        return x
_DEBUG_BUILDER = False


def round_channels(channels, multiplier=1.0, divisor=8, channel_min=None, round_limit=0.9):
    if not multiplier:
        return channels
    return make_divisible(channels * multiplier, divisor, channel_min, round_limit=round_limit)


def _log_info_if(msg, condition):
    if condition:
        pass
