"""Times PyTorch's dropout and initial values that it is asked for, a line of "kind bytes repeats" each.

Answers with the median of the repeats in microseconds.
"""

import statistics
import sys
import time

import torch
from torch.nn import functional, init

P = 0.1
WARMUP = 0.3
torch.set_num_threads(1)


def subject(kind, size):
    """What is timed, of `size` bytes."""
    if kind == "dropout":
        x = torch.ones(size // 4)
        return lambda: functional.dropout(x, P)
    if kind == "dropout,bf16":
        x = torch.ones(size // 2, dtype=torch.bfloat16)
        return lambda: functional.dropout(x, P)
    if kind == "dropout,backward":
        x = torch.ones(size // 4, requires_grad=True)
        dy = torch.ones(size // 4)
        return lambda: torch.autograd.grad(functional.dropout(x, P), x, dy)
    parameter = torch.nn.Parameter(torch.empty(size // 4))
    if kind == "uniform":
        return lambda: init.uniform_(parameter, -1, 1)
    return lambda: init.normal_(parameter, 0, 0.02)


for line in sys.stdin:
    kind, size, repeats = line.split()
    run = subject(kind, int(size))
    begin = time.perf_counter()
    while time.perf_counter() - begin < WARMUP:
        run()
    times = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(statistics.median(times) * 1e6, flush=True)
