using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Rows of a table by index: Int64 [*] → [*, embedding_dims].</summary>
    public sealed class Embedding : nn.Module<Tensor, Tensor>
    {
        private static readonly NativeOperator s_embedding = new("aten::embedding");
        private static readonly NativeOperator s_renormalize = new("aten::embedding_renorm_");

        private readonly long _padding_idx;
        private readonly double? _max_norm;
        private readonly double _norm_type;
        private readonly bool _scale_grad_by_freq;
        private readonly bool _sparse;

        internal Embedding(Parameter table, long? padding_idx, double? max_norm, double norm_type, bool scale_grad_by_freq, bool sparse)
            : base(nameof(Embedding))
        {
            var rows = table.shape[0];
            if (padding_idx is { } index && (index < -rows || index >= rows))
                throw new ArgumentOutOfRangeException(nameof(padding_idx), index, $"The padding index must name one of the {rows} rows.");
            // The operator takes −1 for none.
            _padding_idx = padding_idx switch { null => -1, < 0 => padding_idx.Value + rows, _ => padding_idx.Value };
            _max_norm = max_norm;
            _norm_type = norm_type;
            _scale_grad_by_freq = scale_grad_by_freq;
            _sparse = sparse;
            weight = table;
        }

        public Parameter? weight
        {
            get => Registered(nameof(weight));
            set => ConditionallyRegisterParameter(nameof(weight), value);
        }

        public override Tensor forward(Tensor input)
        {
            var table = weight!;
            if (_max_norm is { } bound)
            {
                using var _ = no_grad();
                s_renormalize.Apply(table, input, bound, _norm_type);
            }
            return s_embedding.Call(table, input, _padding_idx, _scale_grad_by_freq, _sparse);
        }

        internal static Parameter NormalTable(long rows, long columns, long? padding_idx, Device? device, ScalarType? dtype)
        {
            var table = new Parameter(empty(rows, columns, dtype: dtype, device: device));
            nn.init.normal_(table);
            if (padding_idx is not { } index) return table;
            using var _ = no_grad();
            using var row = table.select(0, index);
            row.zero_();
            return table;
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A table of normal numbers; the row of <paramref name="padding_idx"/> is zero and gets no gradient.</summary>
            public static Embedding Embedding(long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null) =>
                new(Modules.Embedding.NormalTable(num_embeddings, embedding_dims, padding_idx, device, dtype), padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse);

            /// <summary>A table of given numbers, copied; not learnt where <paramref name="freeze"/>.</summary>
            public static Embedding Embedding_from_pretrained(Tensor embeddings, bool freeze = true, long? padding_idx = null, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null)
            {
                using var detached = embeddings.detach();
                var table = detached.to(dtype ?? embeddings.dtype, device ?? embeddings.device, copy: true);
                return new(new Parameter(table, !freeze), padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse);
            }
        }
    }
}
