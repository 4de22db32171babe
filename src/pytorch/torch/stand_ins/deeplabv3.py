# After torchvision 0.24.1 (https://github.com/pytorch/vision), shortened; its licence is in torchvision.LICENSE:
# BSD 3-Clause License, Copyright (c) Soumith Chintala 2016, All rights reserved.
from functools import partial
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models._utils import _ovewrite_value_param, IntermediateLayerGetter
from torchvision.models.mobilenetv3 import mobilenet_v3_large, MobileNetV3
from torchvision.models.resnet import ResNet, resnet101, resnet50
from torchvision.models.segmentation._utils import _SimpleSegmentationModel
from torchvision.models.segmentation.fcn import FCNHead

class DeepLabV3(_SimpleSegmentationModel):
    pass

class DeepLabHead(nn.Sequential):

    def __init__(self, in_channels, num_classes, atrous_rates=(12, 24, 36)):
        super().__init__(ASPP(in_channels, atrous_rates), nn.Conv2d(256, 256, 3, padding=1, bias=False), nn.BatchNorm2d(256), nn.ReLU(), nn.Conv2d(256, num_classes, 1))

class ASPPConv(nn.Sequential):

    def __init__(self, in_channels, out_channels, dilation):
        modules = [nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]
        super().__init__(*modules)

class ASPPPooling(nn.Sequential):

    def __init__(self, in_channels, out_channels):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU())

    def forward(self, x):
        size = x.shape[-2:]
        for mod in self:
            x = mod(x)
        return F.interpolate(x, size=size, mode='bilinear', align_corners=False)

class ASPP(nn.Module):

    def __init__(self, in_channels, atrous_rates, out_channels=256):
        super().__init__()
        modules = []
        modules.append(nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()))
        rates = tuple(atrous_rates)
        for rate in rates:
            modules.append(ASPPConv(in_channels, out_channels, rate))
        modules.append(ASPPPooling(in_channels, out_channels))
        self.convs = nn.ModuleList(modules)
        self.project = nn.Sequential(nn.Conv2d(len(self.convs) * out_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(), nn.Dropout(0.5))

    def forward(self, x):
        _res = []
        for conv in self.convs:
            _res.append(conv(x))
        res = torch.cat(_res, dim=1)
        return self.project(res)

def _deeplabv3_resnet(backbone, num_classes, aux):
    return_layers = {'layer4': 'out'}
    if aux:
        return_layers['layer3'] = 'aux'
    backbone = IntermediateLayerGetter(backbone, return_layers=return_layers)
    aux_classifier = FCNHead(1024, num_classes) if aux else None
    classifier = DeepLabHead(2048, num_classes)
    return DeepLabV3(backbone, classifier, aux_classifier)

def _deeplabv3_mobilenetv3(backbone, num_classes, aux):
    backbone = backbone.features
    stage_indices = [0] + [i for i, b in enumerate(backbone) if getattr(b, '_is_cn', False)] + [len(backbone) - 1]
    out_pos = stage_indices[-1]
    out_inplanes = backbone[out_pos].out_channels
    aux_pos = stage_indices[-4]
    aux_inplanes = backbone[aux_pos].out_channels
    return_layers = {str(out_pos): 'out'}
    if aux:
        return_layers[str(aux_pos)] = 'aux'
    backbone = IntermediateLayerGetter(backbone, return_layers=return_layers)
    aux_classifier = FCNHead(aux_inplanes, num_classes) if aux else None
    classifier = DeepLabHead(out_inplanes, num_classes)
    return DeepLabV3(backbone, classifier, aux_classifier)

def deeplabv3_resnet50(weights=None, progress=True, num_classes=None, aux_loss=None, weights_backbone=None, **kwargs):
    kwargs.pop('pretrained_backbone', None)
    if kwargs.pop('pretrained', False):
        weights = True
    if weights is not None:
        weights_backbone = None
        aux_loss = _ovewrite_value_param('aux_loss', aux_loss, True)
    elif num_classes is None:
        num_classes = 21
    backbone = resnet50(weights=weights_backbone, replace_stride_with_dilation=[False, True, True])
    model = _deeplabv3_resnet(backbone, num_classes, aux_loss)
    return model

def deeplabv3_resnet101(weights=None, progress=True, num_classes=None, aux_loss=None, weights_backbone=None, **kwargs):
    kwargs.pop('pretrained_backbone', None)
    if kwargs.pop('pretrained', False):
        weights = True
    if weights is not None:
        weights_backbone = None
        aux_loss = _ovewrite_value_param('aux_loss', aux_loss, True)
    elif num_classes is None:
        num_classes = 21
    backbone = resnet101(weights=weights_backbone, replace_stride_with_dilation=[False, True, True])
    model = _deeplabv3_resnet(backbone, num_classes, aux_loss)
    return model

def deeplabv3_mobilenet_v3_large(weights=None, progress=True, num_classes=None, aux_loss=None, weights_backbone=None, **kwargs):
    kwargs.pop('pretrained_backbone', None)
    if kwargs.pop('pretrained', False):
        weights = True
    if weights is not None:
        weights_backbone = None
        aux_loss = _ovewrite_value_param('aux_loss', aux_loss, True)
    elif num_classes is None:
        num_classes = 21
    backbone = mobilenet_v3_large(weights=weights_backbone, dilated=True)
    model = _deeplabv3_mobilenetv3(backbone, num_classes, aux_loss)
    return model
