"""Samples a second of PyTorch with one thread, for bench.mjs: the same networks, batches and optimiser."""

import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0


def conv_net():
    return nn.Sequential(
        nn.Conv2d(1, 24, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(24, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 128), nn.ReLU(), nn.Linear(128, 10),
    ), (1, 28, 28), 10


def seed(separable):
    def conv(inputs, outputs):
        if not separable:
            return [nn.Conv2d(inputs, outputs, 2, padding=1)]
        return [nn.Conv2d(inputs, inputs, 2, padding=1, groups=inputs), nn.Conv2d(inputs, outputs, 1)]

    layers = []
    for inputs, outputs in [(1, 4), (4, 8), (8, 16)]:
        layers += [*conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(304, 36), nn.ReLU(), nn.Linear(36, 3)), (1, 1, 150), 3


def mobile_net():
    def block(inputs, outputs, stride):
        return [
            nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False), nn.BatchNorm2d(inputs), nn.ReLU(),
            nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
        ]

    layers = [nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    channels = 8
    for outputs, stride in [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]:
        layers += block(channels, outputs, stride)
        channels = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 2)), (3, 96, 96), 2


def rate(made, batch):
    net, shape, classes = made
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    x, y = torch.rand(batch, *shape) - 0.5, torch.arange(batch) % classes
    times = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 8:
        before = time.perf_counter()
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()
        times.append(time.perf_counter() - before)
    times.sort()
    return batch / times[len(times) // 4]


CASES = [(0, conv_net, (32, 64)), (1, lambda: seed(False), (32, 64)), (2, lambda: seed(True), (32, 64)), (3, mobile_net, (32,))]
print(json.dumps({f"{index}/{batch}": rate(make(), batch) for index, make, batches in CASES for batch in batches}))
