"""One rank of PyTorch's Gloo: times collectives that it is asked for, a line of "kind bytes repeats" each.

Rank 0 answers with the median of the repeats in microseconds; a barrier stands before each.
"""

import os
import statistics
import sys
import time

import torch
import torch.distributed as dist

torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{os.environ['MASTER_PORT']}", rank=int(os.environ["RANK"]), world_size=int(os.environ["WORLD_SIZE"]))
rank, ranks = dist.get_rank(), dist.get_world_size()


def subject(kind, size):
    """A collective of `size` bytes on each rank."""
    x = torch.ones(size // 4)
    if kind == "all_reduce":
        return lambda: dist.all_reduce(x)
    if kind == "all_gather":
        whole = [torch.empty(size // 4) for _ in range(ranks)]
        return lambda: dist.all_gather(whole, x)
    if kind == "all_to_all":
        arrived = torch.empty(size // 4)
        return lambda: dist.all_to_all_single(arrived, x)
    if kind == "reduce_scatter":
        # Gloo of this version has none: what a user writes instead.
        arrived = torch.empty(size // 4)
        def run():
            dist.all_to_all_single(arrived, x)
            return arrived.view(ranks, -1).sum(0)
        return run
    if kind == "broadcast":
        return lambda: dist.broadcast(x, ranks - 1)
    return dist.barrier


for line in sys.stdin:
    kind, size, repeats = line.split()
    run = subject(kind, int(size))
    run()
    times = []
    for _ in range(int(repeats)):
        dist.barrier()
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    if rank == 0:
        print(statistics.median(times) * 1e6, flush=True)
