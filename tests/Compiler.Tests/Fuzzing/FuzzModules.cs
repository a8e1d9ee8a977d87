using GShard.Compiler.Dims;
using GShard.Compiler.IR;
using GShard.Compiler.Passes;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Fuzzing;

/// <summary>Makes the simulated modules of a case, plain or compiled, with weights that are the same in both.</summary>
internal static class FuzzModules
{
    /// <summary>Adds a member with whole weights and its logical program.</summary>
    public static void AddPlain(SimulatedModule module, FuzzMember member, IReadOnlyDictionary<string, string> domains, Func<Dim, long> size, int seed) =>
        Add(module, member, (member.Forward, null), domains, size, seed, (value, _) => [value]);

    /// <summary>Adds a member with its compiled programs and every rank's part of its weights.</summary>
    public static void AddCompiled(
        SimulatedModule module, FuzzMember member, ShardedProgram compiled, IReadOnlyDictionary<string, string> domains, Func<Dim, long> size, int seed, RankGrid grid) =>
        Add(module, member, (compiled.Forward, compiled.Backward), domains, size, seed, (value, at) => Spread(value, compiled.Forward.Parameters[at].Value.Tensor, compiled.Granules, size, grid));

    /// <summary>A tensor's part on every rank.</summary>
    public static NdArray[] Spread(NdArray value, TensorType type, Granules granules, Func<Dim, long> size, RankGrid grid) =>
        [.. Enumerable.Range(0, grid.Count).Select(rank => Part(value, type, granules, size, grid, rank))];

    /// <summary>A tensor's part on a rank: axes of a dim cut it one after the other, major to minor.</summary>
    public static NdArray Part(NdArray value, TensorType type, Granules granules, Func<Dim, long> size, RankGrid grid, int rank)
    {
        rank = RankGrid.Place(rank, type.Sharding.Devices);
        for (var dim = 0; dim < type.Rank; dim++)
            foreach (var axis in type.Sharding.Dims[dim].Axes)
            {
                var granule = size(granules.Of(type.Dims[dim], type.Sharding.Dims[dim].Axes));
                var (offset, length) = ChunkRule.Of(value.Shape[dim], grid.Size(axis.Name), grid.Coordinate(rank, axis.Name), granule);
                value = value.Narrow(dim, offset, length);
            }

        return value;
    }

    /// <summary>The value of a member's weight; the items of a list differ.</summary>
    public static NdArray Weight(Value value, int item, IReadOnlyDictionary<string, string> domains, Func<Dim, long> size, int seed) =>
        InputValues.Draw(value, domains.GetValueOrDefault(value.Name, ""), size, seed + 31 * item);

    private static void Add(
        SimulatedModule module, FuzzMember member, (Function, Function?) method, IReadOnlyDictionary<string, string> domains, Func<Dim, long> size, int seed, Func<NdArray, int, NdArray[]> lay)
    {
        SimulatedModule Item(int index)
        {
            var item = new SimulatedModule();
            item.Methods["forward"] = method;
            foreach (var host in module.Hosts) item.Hosts[host.Key] = host.Value;
            for (var i = 0; i < member.Forward.Parameters.Length; i++)
            {
                var parameter = member.Forward.Parameters[i];
                if (parameter.Kind != ParameterKind.Argument)
                    item.Weights[parameter.Value.Name] = lay(Weight(parameter.Value, index, domains, size, seed), i);
            }

            return item;
        }

        if (member.Count is { } count) module.Lists[member.Name] = [.. Enumerable.Range(0, count).Select(Item)];
        else module.Members[member.Name] = Item(0);
    }
}
