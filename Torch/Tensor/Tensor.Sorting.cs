namespace TorchSharp;

public static partial class torch
{
    // Orders and distinct values.
    public partial class Tensor
    {
        public Tensor argsort(long dim = -1, bool descending = false) => Aten.argsort.Call(this, dim, descending);

        public Tensor bucketize(Tensor boundaries, bool outInt32 = false, bool right = false) => Aten.bucketize_Tensor.Call(this, boundaries, outInt32, right);

        public Tensor msort() => Aten.msort.Call(this);

        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) => Aten.sort_stable.Call2(this, stable, dim, descending);

        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Aten.topk.Call2(this, k, dim, largest, sorted);

        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null) =>
            Asked(dim is null ? Aten._unique2.Call3(this, sorted, return_inverse, return_counts) : Aten.unique_dim.Call3(this, dim, sorted, return_inverse, return_counts), return_inverse, return_counts);

        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique_consecutive(bool return_inverse = false, bool return_counts = false, int? dim = null) =>
            Asked(Aten.unique_consecutive.Call3(this, return_inverse, return_counts, dim), return_inverse, return_counts);

        // libtorch returns empty tensors for what was not asked for.
        private static (Tensor, Tensor?, Tensor?) Asked((Tensor output, Tensor inverse, Tensor counts) results, bool inverse, bool counts)
        {
            if (!inverse)
                results.inverse.Dispose();
            if (!counts)
                results.counts.Dispose();
            return (results.output, inverse ? results.inverse : null, counts ? results.counts : null);
        }
    }
}
