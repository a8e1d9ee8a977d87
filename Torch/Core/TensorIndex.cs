namespace TorchSharp;

public static partial class torch
{
    /// <summary>One index of a tensor expression: a position, a slice, a mask or index tensor, a new dimension, or "the rest".</summary>
    public struct TensorIndex
    {
        public static TensorIndex Ellipsis = new(IndexKind.Ellipsis);
        public static TensorIndex None = new(IndexKind.NewDimension);
        public static TensorIndex Null = new(IndexKind.NewDimension);
        public static TensorIndex Colon = Slice();

        private TensorIndex(IndexKind kind) => Kind = kind;

        internal IndexKind Kind { get; private init; }

        internal long? Start { get; private init; }

        internal long? Stop { get; private init; }

        internal long? Step { get; private init; }

        internal Tensor? Indices { get; private init; }

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new(IndexKind.Slice) { Start = start, Stop = stop, Step = step };

        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, range.end);

        public static TensorIndex Slice(Range range) => Slice(
            range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value,
            !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value);

        public static TensorIndex Single(long? index) => index is null ? None : new(IndexKind.Single) { Start = index };

        public static TensorIndex Bool(bool value) => new(IndexKind.Bool) { Start = value ? 1 : 0 };

        public static TensorIndex Tensor(Tensor tensor) => new(IndexKind.Tensor) { Indices = tensor };

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex(Index index) => Single(index.IsFromEnd ? -index.Value : index.Value);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);

        /// <summary>Never runs: it exists so that overload resolution prefers the index forms.</summary>
        public static implicit operator Tensor(TensorIndex value) => throw new InvalidOperationException("an index is no tensor");
    }

    internal enum IndexKind
    {
        NewDimension,
        Single,
        Slice,
        Ellipsis,
        Bool,
        Tensor,
    }
}
