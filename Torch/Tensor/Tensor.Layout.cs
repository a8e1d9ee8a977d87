namespace TorchSharp;

public static partial class torch
{
    // Storage layouts.
    public partial class Tensor
    {
        public Tensor dequantize() => Aten.dequantize_self.Call(this);

        public Tensor int_repr() => Aten.int_repr.Call(this);

        public Tensor to_dense() => Aten.to_dense.Call(this);

        public Tensor to_sparse() => Aten.to_sparse.Call(this);
        public Tensor to_sparse(int sparse_dim) => Aten.to_sparse_sparse_dim.Call(this, sparse_dim);
    }
}
