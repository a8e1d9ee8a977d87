namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => Assign(indices, value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => Assign([i1], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index([i1, i2]);
            set => Assign([i1, i2], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index([i1, i2, i3]);
            set => Assign([i1, i2, i3], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index([i1, i2, i3, i4]);
            set => Assign([i1, i2, i3, i4], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5]
        {
            get => index([i1, i2, i3, i4, i5]);
            set => Assign([i1, i2, i3, i4, i5], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4, long i5, long i6]
        {
            get => index([i1, i2, i3, i4, i5, i6]);
            set => Assign([i1, i2, i3, i4, i5, i6], value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => index(Array.ConvertAll(indices, static i => (TensorIndex)i));
            set => Assign(Array.ConvertAll(indices, static i => (TensorIndex)i), value);
        }

        public Tensor index(params TensorIndex[] indices)
        {
            using var temporaries = new Temporaries();
            var (view, tensors) = Slice(indices, temporaries);
            if (tensors.Length == 0)
                return view;
            using (view)
                return Aten.index_Tensor.Call(view, tensors);
        }

        public Tensor index(params Tensor[] indices) => Aten.index_Tensor.Call(this, indices);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            using var temporaries = new Temporaries();
            var (view, tensors) = Slice(indices, temporaries);
            using (view)
            {
                if (tensors.Length != 0)
                    Aten.index_put_.Apply(view, tensors, value, accumulate);
                else if (accumulate)
                    Aten.add__Tensor.Apply(view, value);
                else
                    Aten.copy_.Apply(view, value);
            }
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, accumulate: false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false)
        {
            Aten.index_put_.Apply(this, indices, value, accumulate);
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var tensor = Aten.scalar_tensor.Call(value, dtype, Argument.None, device);
            return index_put_(tensor, indices);
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using var tensor = Aten.scalar_tensor.Call(value, dtype, Argument.None, device);
            return index_put_(tensor, indices);
        }

        private void Assign(TensorIndex[] indices, Tensor value) => index_put_(value, indices);

        /// <summary>
        /// Applies positions, slices, new dimensions and "the rest" as views, and lines the index tensors up with the dimensions of the result.
        /// A mask over k dimensions stands for k index tensors.
        /// </summary>
        private (Tensor view, Tensor?[] tensors) Slice(TensorIndex[] indices, Temporaries temporaries)
        {
            long consumed = indices.Sum(static index => index.Kind switch
            {
                IndexKind.Single or IndexKind.Slice => 1,
                IndexKind.Tensor => IsMask(index.Indices!) ? index.Indices!.Dimensions : 1,
                _ => 0,
            });
            if (consumed > Dimensions)
                throw new ArgumentException($"{consumed} dimensions are indexed in a tensor of shape [{string.Join(", ", shape)}]");
            var view = alias();
            var tensors = new List<Tensor?>();
            int dim = 0;
            foreach (var index in indices)
            {
                switch (index.Kind)
                {
                    case IndexKind.Single:
                        Replace(ref view, view.select(dim, index.Start!.Value));
                        break;
                    case IndexKind.Slice:
                        if (index.Start is not null || index.Stop is not null || index.Step is not null)
                            Replace(ref view, Aten.slice_Tensor.Call(view, dim, index.Start, index.Stop, index.Step ?? 1));
                        dim++;
                        break;
                    case IndexKind.Ellipsis:
                        dim += (int)(Dimensions - consumed);
                        break;
                    case IndexKind.NewDimension:
                        Replace(ref view, view.unsqueeze(dim++));
                        break;
                    case IndexKind.Bool:
                        Replace(ref view, view.unsqueeze(dim));
                        Record(tensors, dim++, temporaries.Keep(tensor(new[] { index.Start != 0 })));
                        break;
                    case IndexKind.Tensor when IsMask(index.Indices!):
                        foreach (var positions in temporaries.Keep(index.Indices!.nonzero()).unbind(1))
                            Record(tensors, dim++, temporaries.Keep(positions));
                        break;
                    default:
                        Record(tensors, dim++, index.Indices!);
                        break;
                }
            }
            return (view, [.. tensors]);
        }

        private static bool IsMask(Tensor indices) => indices.dtype is ScalarType.Bool or ScalarType.Byte && indices.Dimensions > 0;

        private static void Replace(ref Tensor view, Tensor next)
        {
            view.Dispose();
            view = next;
        }

        private static void Record(List<Tensor?> tensors, int dim, Tensor positions)
        {
            while (tensors.Count < dim)
                tensors.Add(null);
            tensors.Add(positions);
        }

        private sealed class Temporaries : List<Tensor>, IDisposable
        {
            internal Tensor Keep(Tensor tensor)
            {
                Add(tensor);
                return tensor;
            }

            public void Dispose() => ForEach(static tensor => tensor.Dispose());
        }
    }
}
