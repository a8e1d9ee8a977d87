using System.Numerics;
using static TorchSharp.torch;

namespace GShard;

/// <summary>Top-2 gating in one pass over host memory: the algorithm as it is printed, a token at a time.</summary>
internal static unsafe class Top2Kernel
{
    public static Top2Result Route(Tensor gates, long capacity, Tensor? uniform, SlotRule slots, double auxFactor)
    {
        var dtype = Moe.ComputeType(gates.dtype);
        using var wide = gates.to_type(dtype);
        var g = wide.contiguous();
        var shape = g.shape;
        var (groups, tokens, experts) = (shape[0], shape[1], shape[2]);
        var combine = zeros([groups, tokens, experts, capacity], dtype);
        var dispatch = zeros_like(combine);
        var choices = empty([groups, tokens, 2], ScalarType.Int64);
        var places = empty([groups, tokens, 2], ScalarType.Int64);
        var counts = empty([groups, experts], dtype);
        var router = new Router(
            RawMemory.Pointer(g), uniform is null ? 0 : RawMemory.Pointer(uniform), RawMemory.Pointer(combine), RawMemory.Pointer(dispatch),
            (long*)RawMemory.Pointer(choices), (long*)RawMemory.Pointer(places), RawMemory.Pointer(counts),
            groups, tokens, experts, capacity, slots);
        var load = dtype == ScalarType.Float64 ? router.Run<double>() : router.Run<float>();
        GC.KeepAlive(uniform);
        var saved = new Top2Saved(g, choices, places, counts, capacity, auxFactor, gates.dtype);
        return new Top2Result(Narrow(combine, gates.dtype), Narrow(dispatch, gates.dtype), tensor(load * auxFactor, dtype), saved);
    }

    public static Tensor Backward(Top2Saved saved, Tensor dCombine, Tensor dAux)
    {
        var dtype = saved.Gates.dtype;
        using var wide = dCombine.to_type(dtype);
        using var d = wide.contiguous();
        var dGates = empty(saved.Gates.shape, dtype);
        using var load = dAux.to_type(ScalarType.Float64);
        var dLoad = load.item<double>() * saved.AuxFactor;
        if (dtype == ScalarType.Float64) Backward<double>(saved, d, dLoad, dGates);
        else Backward<float>(saved, d, (float)dLoad, dGates);
        return Narrow(dGates, saved.Dtype);
    }

    private static Tensor Narrow(Tensor x, ScalarType dtype) => x.dtype == dtype ? x : x.to_type(dtype, disposeAfter: true);

    private static void Backward<T>(Top2Saved saved, Tensor dCombine, T dLoad, Tensor dGates)
        where T : unmanaged, IFloatingPoint<T>
    {
        var shape = saved.Gates.shape;
        var (groups, tokens, experts) = (shape[0], shape[1], shape[2]);
        var capacity = saved.Capacity;
        var gate = (T*)RawMemory.Pointer(saved.Gates);
        var choice = (long*)RawMemory.Pointer(saved.Experts);
        var place = (long*)RawMemory.Pointer(saved.Slots);
        var counts = (T*)RawMemory.Pointer(saved.Counts);
        var d = (T*)RawMemory.Pointer(dCombine);
        var result = (T*)RawMemory.Pointer(dGates);
        for (var group = 0L; group < groups; group++, counts += experts)
        {
            for (var token = 0L; token < tokens; token++)
            {
                for (var e = 0L; e < experts; e++) result[e] = counts[e] * dLoad;
                var (first, second) = (choice[0], choice[1]);
                var dFirst = place[0] < 0 ? T.Zero : d[(first * capacity) + place[0]];
                var dSecond = place[1] < 0 ? T.Zero : d[(second * capacity) + place[1]];
                var sum = Denominator(gate[first], gate[second]);
                // wᵢ = gᵢ / (g₁ + g₂)
                var common = ((dFirst * gate[first]) + (dSecond * gate[second])) / (sum * sum);
                result[first] += (dFirst / sum) - common;
                result[second] += (dSecond / sum) - common;
                gate += experts;
                result += experts;
                d += experts * capacity;
                choice += 2;
                place += 2;
            }
        }
        GC.KeepAlive(saved);
        GC.KeepAlive(dCombine);
        GC.KeepAlive(dGates);
    }

    /// <summary>g₁ + g₂, or 1 where both are 0: a token without gates gets no weight, and no NaN.</summary>
    private static T Denominator<T>(T first, T second)
        where T : IFloatingPoint<T> => first + second is var sum && sum == T.Zero ? T.One : sum;

    private readonly ref struct Router(
        nint gates, nint uniform, nint combine, nint dispatch, long* choices, long* places, nint counts,
        long groups, long tokens, long experts, long capacity, SlotRule slots)
    {
        /// <summary>Routes every group and returns Σ over groups and experts of count · Σ over tokens of the gate.</summary>
        public double Run<T>()
            where T : unmanaged, IFloatingPoint<T>
        {
            var load = 0.0;
            var count = new long[experts];
            var gateSum = new double[experts];
            for (var group = 0L; group < groups; group++)
            {
                Array.Clear(count);
                Array.Clear(gateSum);
                FirstPass<T>(group, count, gateSum);
                for (var e = 0; e < experts; e++)
                {
                    ((T*)counts)[(group * experts) + e] = T.CreateTruncating(count[e]);
                    load += count[e] * gateSum[e];
                }
                SecondPass<T>(group, count);
            }
            return load;
        }

        private void FirstPass<T>(long group, long[] count, double[] gateSum)
            where T : unmanaged, IFloatingPoint<T>
        {
            for (var token = group * tokens; token < (group + 1) * tokens; token++)
            {
                var gate = (T*)gates + (token * experts);
                var first = 0L;
                for (var e = 0L; e < experts; e++)
                {
                    gateSum[e] += double.CreateTruncating(gate[e]);
                    if (gate[e] > gate[first]) first = e;
                }
                var second = first == 0 ? 1L : 0;
                for (var e = second + 1; e < experts; e++)
                    if (e != first && gate[e] > gate[second]) second = e;
                (choices[2 * token], choices[(2 * token) + 1]) = (first, second);
                var slot = count[first]++;
                places[2 * token] = Place(token, first, slot, gate[first] / Denominator(gate[first], gate[second]));
            }
        }

        private void SecondPass<T>(long group, long[] count)
            where T : unmanaged, IFloatingPoint<T>
        {
            for (var token = group * tokens; token < (group + 1) * tokens; token++)
            {
                var gate = (T*)gates + (token * experts);
                var (first, second) = (choices[2 * token], choices[(2 * token) + 1]);
                var weight = gate[second] / Denominator(gate[first], gate[second]);
                var chosen = uniform == 0 || weight + weight > ((T*)uniform)[token];
                places[(2 * token) + 1] = chosen ? Place(token, second, count[second], weight) : -1;
                if (chosen || slots == SlotRule.Literal) count[second]++;
            }
        }

        /// <summary>Writes a weight at its slot and returns the slot, or −1 beyond the capacity.</summary>
        private long Place<T>(long token, long expert, long slot, T weight)
            where T : unmanaged, IFloatingPoint<T>
        {
            if (slot >= capacity) return -1;
            var index = (((token * experts) + expert) * capacity) + slot;
            ((T*)combine)[index] = weight;
            ((T*)dispatch)[index] = weight == T.Zero ? T.Zero : T.One;
            return slot;
        }
    }
}
