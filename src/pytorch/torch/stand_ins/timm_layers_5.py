# What texts use of timm, after timm 1.0.31 (https://github.com/huggingface/pytorch-image-models), shortened:
# Apache License 2.0, Copyright 2019 Ross Wightman.
import math
import torch
from torch import nn
import torch.nn.functional as F
from timm.layers import (
    ChannelAttn, ConvNormAct, SpatialAttn, create_act_layer, create_conv2d, create_pool2d, get_padding, to_2tuple,
    use_fused_attn
)


class CbamModule(nn.Module):
    def __init__(
        self, channels, rd_ratio=1.0 / 16, rd_channels=None, rd_divisor=1, spatial_kernel_size=7,
        act_layer=nn.ReLU, gate_layer='sigmoid', mlp_bias=False, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        self.channel = ChannelAttn(
            channels, rd_ratio=rd_ratio, rd_channels=rd_channels, rd_divisor=rd_divisor, act_layer=act_layer,
            gate_layer=gate_layer, mlp_bias=mlp_bias, **dd
        )
        self.spatial = SpatialAttn(spatial_kernel_size, gate_layer=gate_layer, **dd)

    def forward(self, x):
        x = self.channel(x)
        x = self.spatial(x)
        return x


class StdConv2d(nn.Conv2d):
    def __init__(
        self, in_channel, out_channels, kernel_size, stride=1, padding=None, dilation=1, groups=1, bias=False,
        eps=1e-06, device=None, dtype=None
    ):
        if padding is None:
            padding = get_padding(kernel_size, stride, dilation)
        super().__init__(
            in_channel, out_channels, kernel_size, stride=stride, padding=padding, dilation=dilation,
            groups=groups, bias=bias, device=device, dtype=dtype
        )
        self.eps = eps

    def forward(self, x):
        weight = F.batch_norm(
            self.weight.reshape(1, self.out_channels, -1), None, None, training=True, momentum=0.0, eps=self.eps
        ).reshape_as(self.weight)
        x = F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
        return x


class ScaledStdConv2d(nn.Conv2d):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=None, dilation=1, groups=1, bias=True,
        gamma=1.0, eps=1e-06, gain_init=1.0, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        if padding is None:
            padding = get_padding(kernel_size, stride, dilation)
        super().__init__(
            in_channels, out_channels, kernel_size, stride=stride, padding=padding, dilation=dilation,
            groups=groups, bias=bias, **dd
        )
        self.scale = gamma * self.weight[0].numel() ** (-0.5)
        self.eps = eps
        self.gain_init = gain_init
        self.gain = nn.Parameter(torch.empty((self.out_channels, 1, 1, 1), **dd))
        pass

    def forward(self, x):
        weight = F.batch_norm(
            self.weight.reshape(1, self.out_channels, -1), None, None, weight=(self.gain * self.scale).view(-1),
            training=True, momentum=0.0, eps=self.eps
        ).reshape_as(self.weight)
        return F.conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)
ConvNormActAa = ConvNormAct


class MultiQueryAttention2d(nn.Module):
    def __init__(
        self, dim, dim_out=None, num_heads=8, key_dim=None, value_dim=None, query_strides=1, kv_stride=1,
        dw_kernel_size=3, dilation=1, padding='', attn_drop=0.0, proj_drop=0.0, norm_layer=nn.BatchNorm2d,
        use_bias=False, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        dim_out = dim_out or dim
        self.num_heads = num_heads
        self.key_dim = key_dim or dim // num_heads
        self.value_dim = value_dim or dim // num_heads
        self.query_strides = to_2tuple(query_strides)
        self.kv_stride = kv_stride
        self.has_query_strides = any([s > 1 for s in self.query_strides])
        self.scale = self.key_dim ** (-0.5)
        self.fused_attn = use_fused_attn()
        self.drop = attn_drop
        self.query = nn.Sequential()
        if self.has_query_strides:
            if padding == 'same':
                self.query.add_module(
                    'down_pool', create_pool2d('avg', kernel_size=self.query_strides, padding='same')
                )
            else:
                self.query.add_module('down_pool', nn.AvgPool2d(kernel_size=query_strides))
            self.query.add_module('norm', norm_layer(dim, **dd))
        self.query.add_module(
            'proj', create_conv2d(dim, self.num_heads * self.key_dim, kernel_size=1, bias=use_bias, **dd)
        )
        self.key = nn.Sequential()
        if kv_stride > 1:
            self.key.add_module(
                'down_conv', create_conv2d(dim, dim, kernel_size=dw_kernel_size, stride=kv_stride,
                dilation=dilation, padding=padding, depthwise=True, **dd)
            )
            self.key.add_module('norm', norm_layer(dim, **dd))
        self.key.add_module(
            'proj', create_conv2d(dim, self.key_dim, kernel_size=1, padding=padding, bias=use_bias, **dd)
        )
        self.value = nn.Sequential()
        if kv_stride > 1:
            self.value.add_module(
                'down_conv', create_conv2d(dim, dim, kernel_size=dw_kernel_size, stride=kv_stride,
                dilation=dilation, padding=padding, depthwise=True, **dd)
            )
            self.value.add_module('norm', norm_layer(dim, **dd))
        self.value.add_module('proj', create_conv2d(dim, self.value_dim, kernel_size=1, bias=use_bias, **dd))
        self.attn_drop = nn.Dropout(attn_drop)
        self.output = nn.Sequential()
        if self.has_query_strides:
            self.output.add_module(
                'upsample', nn.Upsample(scale_factor=self.query_strides, mode='bilinear', align_corners=False)
            )
        self.output.add_module(
            'proj', create_conv2d(self.value_dim * self.num_heads, dim_out, kernel_size=1, bias=use_bias, **dd)
        )
        self.output.add_module('drop', nn.Dropout(proj_drop))
        self.einsum = False
        pass

    def _reshape_input(self, t):
        s = t.shape
        t = t.reshape(s[0], s[1], -1).transpose(1, 2)
        if self.einsum:
            return t
        else:
            return t.unsqueeze(1).contiguous()

    def _reshape_projected_query(self, t, num_heads, key_dim):
        s = t.shape
        t = t.reshape(s[0], num_heads, key_dim, -1)
        if self.einsum:
            return t.permute(0, 3, 1, 2).contiguous()
        else:
            return t.transpose(-1, -2).contiguous()

    def _reshape_output(self, t, num_heads, h_px, w_px):
        s = t.shape
        feat_dim = s[-1] * num_heads
        if not self.einsum:
            t = t.transpose(1, 2)
        return t.reshape(s[0], h_px, w_px, feat_dim).permute(0, 3, 1, 2).contiguous()

    def forward(self, x, attn_mask=None):
        B, C, H, W = s = x.shape
        q = self.query(x)
        q = self._reshape_projected_query(q, self.num_heads, self.key_dim)
        k = self.key(x)
        k = self._reshape_input(k)
        v = self.value(x)
        v = self._reshape_input(v)
        if self.einsum:
            attn = torch.einsum('blhk,bpk->blhp', q, k) * self.scale
            if attn_mask is not None:
                attn = attn + attn_mask
            attn = attn.softmax(dim=-1)
            attn = self.attn_drop(attn)
            o = torch.einsum('blhp,bpk->blhk', attn, v)
        elif self.fused_attn:
            o = F.scaled_dot_product_attention(
                q, k, v, attn_mask=attn_mask, dropout_p=self.attn_drop.p if self.training else 0.0
            )
        else:
            q = q * self.scale
            attn = q @ k.transpose(-1, -2)
            if attn_mask is not None:
                attn = attn + attn_mask
            attn = attn.softmax(dim=-1)
            attn = self.attn_drop(attn)
            o = attn @ v
        o = self._reshape_output(o, self.num_heads, H // self.query_strides[0], W // self.query_strides[1])
        x = self.output(o)
        return x


class Attention2d(nn.Module):
    """multi-head attention for 2D NCHW tensors"""

    def __init__(
        self, dim, dim_out=None, num_heads=32, bias=True, expand_first=False, head_first=False, attn_drop=0.0,
        proj_drop=0.0, device=None, dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        dim_out = dim_out or dim
        dim_attn = dim_out if expand_first else dim
        self.num_heads = num_heads
        self.dim_head = dim_attn // num_heads
        self.head_first = head_first
        self.fused_attn = use_fused_attn()
        self.qkv = nn.Conv2d(dim, dim_attn * 3, 1, bias=bias, **dd)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Conv2d(dim_attn, dim_out, 1, bias=bias, **dd)
        self.proj_drop = nn.Dropout(proj_drop)

    def forward(self, x, attn_mask=None):
        B, C, H, W = x.shape
        if self.head_first:
            q, k, v = self.qkv(x).view(B, self.num_heads, self.dim_head * 3, -1).chunk(3, dim=2)
        else:
            q, k, v = self.qkv(x).reshape(B, 3, self.num_heads, self.dim_head, -1).unbind(1)
        if self.fused_attn:
            x = torch.nn.functional.scaled_dot_product_attention(
                q.transpose(-1, -2).contiguous(), k.transpose(-1, -2).contiguous(), v.transpose(-1,
                -2).contiguous(), attn_mask=attn_mask, dropout_p=self.attn_drop.p if self.training else 0.0
            ).transpose(-1, -2).reshape(B, -1, H, W)
        else:
            q = q.transpose(-1, -2)
            v = v.transpose(-1, -2)
            attn = q @ k * q.size(-1) ** (-0.5)
            if attn_mask is not None:
                attn = attn + attn_mask
            attn = attn.softmax(dim=-1)
            attn = self.attn_drop(attn)
            x = (attn @ v).transpose(-1, -2).reshape(B, -1, H, W)
        x = self.proj(x)
        x = self.proj_drop(x)
        return x


class CecaModule(nn.Module):
    def __init__(
        self, channels=None, kernel_size=3, gamma=2, beta=1, act_layer=None, gate_layer='sigmoid', device=None,
        dtype=None
    ):
        dd = {'device': device, 'dtype': dtype}
        super().__init__()
        if channels is not None:
            t = int(abs(math.log(channels, 2) + beta) / gamma)
            kernel_size = max(t if t % 2 else t + 1, 3)
        has_act = act_layer is not None
        self.padding = (kernel_size - 1) // 2
        self.conv = nn.Conv1d(1, 1, kernel_size=kernel_size, padding=0, bias=has_act, **dd)
        self.gate = create_act_layer(gate_layer)

    def forward(self, x):
        y = x.mean((2, 3)).view(x.shape[0], 1, -1)
        y = F.pad(y, (self.padding, self.padding), mode='circular')
        y = self.conv(y)
        y = self.gate(y).view(x.shape[0], -1, 1, 1)
        return x * y.expand_as(x)
