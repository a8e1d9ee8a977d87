using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Parameters in order, named "0", "1", …</summary>
    public class ParameterList : nn.Module, IList<Parameter>
    {
        public ParameterList(params Parameter[] parameters)
            : base(nameof(ParameterList)) => extend(parameters);

        public Parameter this[int index]
        {
            get => _internal_params[index].Item2;
            set => Replace(list => list[index] = value);
        }

        public int Count => _internal_params.Count;

        public bool IsReadOnly => false;

        // All are registered when they are added.
        protected override void RegisterComponents()
        {
        }

        public void Add(Parameter item) => register_parameter(Count.ToString(CultureInfo.InvariantCulture), item);

        public void append(params Parameter[] parameters) => extend(parameters);

        public void extend(IEnumerable<Parameter> parameters)
        {
            foreach (var parameter in parameters) Add(parameter);
        }

        public void Insert(int index, Parameter item) => Replace(list => list.Insert(index, item));

        public bool Remove(Parameter item)
        {
            var index = IndexOf(item);
            if (index >= 0) RemoveAt(index);
            return index >= 0;
        }

        public void RemoveAt(int index) => Replace(list => list.RemoveAt(index));

        public void Clear() => _internal_params.Clear();

        public bool Contains(Parameter item) => IndexOf(item) >= 0;

        public int IndexOf(Parameter item) => _internal_params.values().ToList().FindIndex(held => ReferenceEquals(held, item));

        public void CopyTo(Parameter[] array, int arrayIndex) => _internal_params.values().ToList().CopyTo(array, arrayIndex);

        public IEnumerator<Parameter> GetEnumerator() => _internal_params.values().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private void Replace(Action<List<Parameter>> change)
        {
            var list = _internal_params.values().ToList();
            change(list);
            Clear();
            extend(list);
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ParameterList ParameterList(params Parameter[] parameters) => new(parameters);
        }
    }
}
