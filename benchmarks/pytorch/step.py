"""Times training steps of the sample's Transformer, or of its mixture-of-experts layer, in PyTorch.

    step.py '{"what": "model", "batch": 64, ...}'

Prints one line of JSON: the median of the steps in milliseconds, forward and backward alone and with the optimiser, and
how far the memory of the process rose above where it stood before the model was made, in MiB.
"""

import json
import statistics
import sys
import time
from types import SimpleNamespace

import torch

from transformer import MoeFeedForward, Transformer

DEFAULTS = {
    "what": "model",
    "model": 128,
    "hidden": 512,
    "heads": 4,
    "experts": 8,
    "layers": 2,
    "dense": False,
    "dropout": 0.0,
    "smoothing": 0.0,
    "auxiliary_weight": 0.01,
    "embedding_std": 0.05,
    "source_vocabulary": 3334,
    "target_vocabulary": 94,
    "length": 42,
    "batch": 64,
    "source": 16,
    "target": 16,
    "steps": 20,
    "warmup": 5,
    "threads": 1,
}


def memory(key):
    """VmRSS (now) or VmHWM (highest), in MiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key + ":"))


def step_of(o):
    """The model, and a function that runs it forward and returns its loss."""
    if o.what == "moe":
        model = MoeFeedForward(o.model, o.hidden, o.experts)
        inputs = torch.randn(o.batch, o.source, o.model, requires_grad=True)
        direction = torch.randn(o.batch, o.source, o.model)

        def loss():
            output, aux = model(inputs)
            return (output * direction).sum() + o.auxiliary_weight * aux

        return model, loss

    model = Transformer(o)
    source = torch.randint(4, o.source_vocabulary, (o.batch, o.source))
    target = torch.randint(4, o.target_vocabulary, (o.batch, o.target))
    expected = torch.randint(4, o.target_vocabulary, (o.batch, o.target))

    def loss():
        cross_entropy, aux = model(source, target, expected)
        return cross_entropy + o.auxiliary_weight * aux

    return model, loss


def main():
    o = SimpleNamespace(**{**DEFAULTS, **json.loads(sys.argv[1] if len(sys.argv) > 1 else "{}")})
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    # The libraries are no part of a model's memory.
    torch.ones(64, 64).mm(torch.ones(64, 64))
    before = memory("VmRSS")
    model, loss = step_of(o)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.98))
    gradients, whole = [], []
    for step in range(o.warmup + o.steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        middle = time.perf_counter()
        optimizer.step()
        end = time.perf_counter()
        if step >= o.warmup:
            gradients.append(1e3 * (middle - start))
            whole.append(1e3 * (end - start))
    print(
        json.dumps(
            {
                "ms": statistics.median(gradients),
                "ms_with_optimizer": statistics.median(whole),
                "rise_mb": memory("VmHWM") - before,
                "peak_rss_mb": memory("VmHWM"),
                "torch": torch.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
