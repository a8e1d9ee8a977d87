using TorchSharp.Modules;

namespace TorchSharp
{
    /// <summary>How the rows of a bag become one; the numbers are ATen's.</summary>
    public enum EmbeddingBagMode
    {
        Sum = 0,
        Mean = 1,
        Max = 2,
    }
}

namespace TorchSharp.Modules
{
    /// <summary>
    /// Sums, means or maxima of bags of rows of a table: Int64 [B, L] → [B, embedding_dims], or Int64 [N] with the place where each of B bags
    /// begins → [B, embedding_dims].
    /// </summary>
    public sealed class EmbeddingBag : nn.Module<Tensor, Tensor, Tensor, Tensor>, nn.IModule<Tensor, Tensor, Tensor>
    {
        private static readonly NativeOperator s_embeddingBag = new("aten::embedding_bag", "padding_idx");
        private static readonly NativeOperator s_renormalize = new("aten::embedding_renorm_");

        private readonly double? _max_norm;
        private readonly double _norm_type;
        private readonly bool _scale_grad_by_freq;
        private readonly EmbeddingBagMode _mode;
        private readonly bool _sparse;
        private readonly bool _include_last_offset;
        private readonly long? _padding_index;

        internal EmbeddingBag(Parameter table, double? max_norm, double norm_type, bool scale_grad_by_freq, EmbeddingBagMode mode, bool sparse, bool include_last_offset, long padding_index)
            : base(nameof(EmbeddingBag))
        {
            if (padding_index >= table.shape[0])
                throw new ArgumentOutOfRangeException(nameof(padding_index), padding_index, $"The padding index must name one of the {table.shape[0]} rows, or be -1.");
            _max_norm = max_norm;
            _norm_type = norm_type;
            _scale_grad_by_freq = scale_grad_by_freq;
            _mode = mode;
            _sparse = sparse;
            _include_last_offset = include_last_offset;
            _padding_index = padding_index < 0 ? null : padding_index;
            weight = table;
        }

        public Parameter? weight
        {
            get => Registered(nameof(weight));
            set => ConditionallyRegisterParameter(nameof(weight), value);
        }

        public Tensor call(Tensor input) => call(input, null, null);

        public Tensor call(Tensor input, Tensor offsets) => call(input, offsets, null);

        public new Tensor call(Tensor input, Tensor? offsets, Tensor? perSampleWeights) => base.call(input, offsets!, perSampleWeights!);

        public override Tensor forward(Tensor input, Tensor? offsets, Tensor? perSampleWeights)
        {
            using var scope = NewDisposeScope();
            var table = weight!;
            if (_max_norm is { } bound)
            {
                using var _ = no_grad();
                s_renormalize.Apply(table, input, bound, _norm_type);
            }

            var hasLast = _include_last_offset;
            if (input.dim() == 2)
            {
                if (offsets is not null) throw new ArgumentException("Bags that are rows of a matrix take no offsets.", nameof(offsets));
                offsets = arange(0, input.numel(), input.shape[1], dtype: ScalarType.Int64, device: input.device);
                input = input.reshape(-1);
                perSampleWeights = perSampleWeights?.reshape(-1);
                hasLast = false;
            }

            if (offsets is null) throw new ArgumentException("A vector of ids needs the offsets at which its bags begin.", nameof(offsets));
            Argument padding = _padding_index is { } index ? index : Argument.None;
            var (bags, _, _, _) = s_embeddingBag.Call4(table, input, offsets, _scale_grad_by_freq, (long)_mode, _sparse, perSampleWeights, hasLast, padding);
            return bags.MoveToOuterDisposeScope();
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A table of normal numbers; rows of <paramref name="padding_index"/> count in no bag.</summary>
            public static EmbeddingBag EmbeddingBag(long num_embeddings, long embedding_dims, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, EmbeddingBagMode mode = EmbeddingBagMode.Mean, bool sparse = false, bool include_last_offset = false, long padding_index = -1, Device? device = null, ScalarType? dtype = null) =>
                new(Modules.Embedding.NormalTable(num_embeddings, embedding_dims, padding_index < 0 ? null : padding_index, device, dtype), max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_index);

            /// <summary>A table of given numbers, copied; not learnt where <paramref name="freeze"/>.</summary>
            public static EmbeddingBag EmbeddingBag_from_pretrained(Tensor embeddings, bool freeze = true, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, EmbeddingBagMode mode = EmbeddingBagMode.Mean, bool sparse = false, bool include_last_offset = false, long padding_index = -1, Device? device = null, ScalarType? dtype = null)
            {
                using var detached = embeddings.detach();
                var table = detached.to(dtype ?? embeddings.dtype, device ?? embeddings.device, copy: true);
                return new(new Parameter(table, !freeze), max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_index);
            }
        }
    }
}
