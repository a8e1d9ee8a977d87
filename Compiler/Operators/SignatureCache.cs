using System.Collections.Concurrent;
using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Compiler.Operators;

/// <summary>
/// Signatures by operator, constants and operand types, on which alone they depend: the layers of a model repeat the same calls, and each
/// pass asks again.
/// </summary>
internal static class SignatureCache
{
    /// <summary>Where it starts anew: an editor compiles for hours.</summary>
    private const int Most = 4096;

    private static readonly ConcurrentDictionary<Key, OperatorSignature> Known = new();

    public static OperatorSignature Get(OperatorDefinition definition, OperatorCall call, Func<OperatorSignature> infer)
    {
        var key = new Key(definition, call);
        if (Known.TryGetValue(key, out var signature)) return signature;
        signature = infer();
        if (Known.Count >= Most) Known.Clear();
        Known[key] = signature;
        return signature;
    }

    private sealed class Key : IEquatable<Key>
    {
        private readonly OperatorDefinition definition;
        private readonly Attributes attributes;
        private readonly ImmutableArray<IrType> operands;
        private readonly int hash;

        public Key(OperatorDefinition definition, OperatorCall call)
        {
            this.definition = definition;
            attributes = call.Attributes;
            operands = [.. call.Operands.Select(o => o.Type)];
            hash = operands.Aggregate(attributes.GetHashCode() * 31 + StringComparer.Ordinal.GetHashCode(definition.Name), (sum, type) => sum * 31 + type.GetHashCode());
        }

        public bool Equals(Key? other)
        {
            if (other is null || hash != other.hash || !ReferenceEquals(definition, other.definition) || operands.Length != other.operands.Length) return false;
            for (var i = 0; i < operands.Length; i++)
                if (!operands[i].Equals(other.operands[i])) return false;
            return attributes.Equals(other.attributes);
        }

        public override bool Equals(object? obj) => Equals(obj as Key);

        public override int GetHashCode() => hash;
    }
}
