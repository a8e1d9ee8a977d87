"""The sample's Transformer with mixture-of-experts layers, written as one writes it in PyTorch.

The sizes, the layers and the gating (Algorithm 1 of the GShard paper) are those of Sample.Model, so that a step of
the one can be timed against a step of the other.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F


def top2_gating(gates, capacity, training):
    """Algorithm 1, a group per row: gates [G, S, E] -> combine [G, S, E, C], dispatch [G, S, E, C], auxiliary loss."""
    experts = gates.shape[-1]
    first = F.one_hot(gates.argmax(-1), experts).to(gates.dtype)
    second = F.one_hot((gates * (1 - first) - first).argmax(-1), experts).to(gates.dtype)
    g1, g2 = (gates * first).sum(-1), (gates * second).sum(-1)
    g1, g2 = g1 / (g1 + g2), g2 / (g1 + g2)

    density = first.mean(1)
    aux = (density * gates.mean(1)).mean() * experts * experts

    slot1 = ((first.cumsum(1) - first) * first).sum(-1)
    if training:
        second = second * (2 * g2 > torch.rand_like(g2)).to(gates.dtype).unsqueeze(-1)
    slot2 = ((second.cumsum(1) - second + first.sum(1, keepdim=True)) * second).sum(-1)
    kept1 = first * (slot1 < capacity).to(gates.dtype).unsqueeze(-1)
    kept2 = second * (slot2 < capacity).to(gates.dtype).unsqueeze(-1)
    at1 = F.one_hot(slot1.long().clamp(max=capacity - 1), capacity).to(gates.dtype)
    at2 = F.one_hot(slot2.long().clamp(max=capacity - 1), capacity).to(gates.dtype)
    combine = (g1.unsqueeze(-1) * kept1).unsqueeze(-1) * at1.unsqueeze(2)
    combine = combine + (g2.unsqueeze(-1) * kept2).unsqueeze(-1) * at2.unsqueeze(2)
    dispatch = kept1.unsqueeze(-1) * at1.unsqueeze(2) + kept2.unsqueeze(-1) * at2.unsqueeze(2)
    return combine, dispatch, aux


class MoeFeedForward(nn.Module):
    """Algorithm 2; a sentence is a group."""

    def __init__(self, model, hidden, experts):
        super().__init__()
        self.experts = experts
        self.wg = nn.Parameter(torch.randn(model, experts) / math.sqrt(model))
        self.wi = nn.Parameter(torch.randn(experts, model, hidden) / math.sqrt(model))
        self.wo = nn.Parameter(torch.randn(experts, hidden, model) / math.sqrt(hidden))

    def forward(self, inputs):
        tokens = inputs.shape[1]
        capacity = max(1, math.ceil(2 * tokens / self.experts)) if self.training else tokens
        gates = torch.softmax(torch.einsum("GSM,ME->GSE", inputs, self.wg), -1)
        combine, dispatch, aux = top2_gating(gates, capacity, self.training)
        x = torch.einsum("GSEC,GSM->EGCM", dispatch, inputs)
        h = torch.relu(torch.einsum("EGCM,EMH->EGCH", x, self.wi))
        y = torch.einsum("EGCH,EHM->GECM", h, self.wo)
        return torch.einsum("GSEC,GECM->GSM", combine, y), aux


class FeedForward(nn.Module):
    def __init__(self, model, hidden):
        super().__init__()
        self.up = nn.Linear(model, hidden)
        self.down = nn.Linear(hidden, model)

    def forward(self, x):
        return self.down(torch.relu(self.up(x)))


class Attention(nn.Module):
    def __init__(self, model, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(model, model)
        self.key = nn.Linear(model, model)
        self.value = nn.Linear(model, model)
        self.output = nn.Linear(model, model)

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x, memory, hidden):
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        scores = torch.einsum("BNTD,BNSD->BNTS", q, k) / math.sqrt(q.shape[-1])
        weights = torch.softmax(scores.masked_fill(hidden, -1e9), -1)
        y = torch.einsum("BNTS,BNSD->BNTD", weights, v)
        return self.output(y.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1))


class Block(nn.Module):
    """Self-attention, attention to the source in the decoder, and a feed-forward layer; normalised before each."""

    def __init__(self, o, decoder, moe):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(o.model), Attention(o.model, o.heads)
        self.cross = Attention(o.model, o.heads) if decoder else None
        self.norm2 = nn.LayerNorm(o.model) if decoder else None
        self.norm3 = nn.LayerNorm(o.model)
        self.moe = MoeFeedForward(o.model, o.hidden, o.experts) if moe else None
        self.feed_forward = None if moe else FeedForward(o.model, o.hidden)
        self.dropout = o.dropout

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training) if self.dropout > 0 else x

    def forward(self, x, hidden, memory=None, source_hidden=None):
        n = self.norm1(x)
        x = x + self.drop(self.attention(n, n, hidden))
        if self.cross is not None:
            x = x + self.drop(self.cross(self.norm2(x), memory, source_hidden))
        n = self.norm3(x)
        if self.moe is not None:
            y, aux = self.moe(n)
            return x + self.drop(y), aux
        return x + self.drop(self.feed_forward(n)), x.new_zeros(())


class Transformer(nn.Module):
    """Encoder and decoder; MoE takes the place of every other feed-forward layer. Returns (loss, auxiliary loss)."""

    def __init__(self, o):
        super().__init__()
        self.o = o
        self.source = nn.Embedding(o.source_vocabulary, o.model)
        self.target = nn.Embedding(o.target_vocabulary, o.model)
        self.positions = nn.Embedding(o.length, o.model)
        self.target_positions = nn.Embedding(o.length, o.model)
        moe = [i % 2 == 1 and not o.dense for i in range(o.layers)]
        self.encoder = nn.ModuleList(Block(o, False, m) for m in moe)
        self.decoder = nn.ModuleList(Block(o, True, m) for m in moe)
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(o.model), nn.LayerNorm(o.model)
        self.project = nn.Linear(o.model, o.target_vocabulary)
        for e in (self.source, self.target, self.positions, self.target_positions):
            nn.init.normal_(e.weight, std=o.embedding_std)

    def encode(self, source):
        hidden = (source == 0)[:, None, None, :]
        x = self.source(source) + self.positions.weight[: source.shape[1]]
        aux = 0
        for layer in self.encoder:
            x, a = layer(x, hidden)
            aux = aux + a
        return self.encoder_norm(x), hidden, aux

    def decode(self, memory, hidden, target):
        steps = target.shape[1]
        future = torch.ones(steps, steps, dtype=torch.bool, device=target.device).triu(1)
        x = self.target(target) + self.target_positions.weight[:steps]
        aux = 0
        for layer in self.decoder:
            x, a = layer(x, future, memory, hidden)
            aux = aux + a
        return self.project(self.decoder_norm(x)), aux

    def forward(self, source, target, expected):
        memory, hidden, a1 = self.encode(source)
        logits, a2 = self.decode(memory, hidden, target)
        loss = F.cross_entropy(
            logits.flatten(0, 1), expected.flatten(), ignore_index=0, reduction="sum", label_smoothing=self.o.smoothing
        )
        return loss / (expected != 0).sum(), a1 + a2
