using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Runs its modules one after the other; unnamed ones are registered as "0", "1", …</summary>
    public class Sequential : nn.Module<Tensor, Tensor>
    {
        protected internal Sequential(params (string name, nn.Module<Tensor, Tensor> submodule)[] modules)
            : base(nameof(Sequential))
        {
            foreach (var (name, module) in modules) append(name, module);
        }

        protected internal Sequential(params nn.Module<Tensor, Tensor>[] modules)
            : base(nameof(Sequential))
        {
            foreach (var module in modules) append(module);
        }

        public int Count => _internal_submodules.Count;

        [IndexerName("SequentialItems")]
        public nn.IModule<Tensor, Tensor> this[int index] => (nn.IModule<Tensor, Tensor>)_internal_submodules[index].Item2;

        /// <summary>The modules of a range, shared with this one, under their names.</summary>
        [IndexerName("SequentialItems")]
        public Sequential this[Range index]
        {
            get
            {
                var (offset, length) = index.GetOffsetAndLength(Count);
                return this[(offset, offset + length)];
            }
        }

        [IndexerName("SequentialItems")]
        public Sequential this[(int? start, int? end) index] =>
            new([.. Enumerable.Range(index.start ?? 0, (index.end ?? Count) - (index.start ?? 0))
                .Select(position => (_internal_submodules[position].Item1, (nn.Module<Tensor, Tensor>)_internal_submodules[position].Item2))]);

        public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
        {
            add_module(name, (nn.Module)module);
            return this;
        }

        public Sequential append(nn.IModule<Tensor, Tensor> module) => append(Count.ToString(CultureInfo.InvariantCulture), module);

        public override Tensor forward(Tensor tensor)
        {
            if (Count == 0) return tensor.alias();
            var current = tensor;
            foreach (var module in _internal_submodules.values())
            {
                var next = ((nn.IModule<Tensor, Tensor>)module).call(current);
                // What lies between two modules is no one else's.
                if (!ReferenceEquals(current, tensor) && !ReferenceEquals(current, next)) current.Dispose();
                current = next;
            }
            return current;
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Sequential Sequential() => new(Array.Empty<Module<Tensor, Tensor>>());

            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => new(modules);

            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => new(modules);

            public static Sequential Sequential(params Tuple<string, Module<Tensor, Tensor>>[] modules) =>
                new([.. modules.Select(pair => (pair.Item1, pair.Item2))]);

            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules) => new([.. modules]);

            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules) => new([.. modules]);

            public static Sequential Sequential(IEnumerable<Tuple<string, Module<Tensor, Tensor>>> modules) =>
                new([.. modules.Select(pair => (pair.Item1, pair.Item2))]);
        }
    }
}
