using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Parameters by name, in order.</summary>
    public class ParameterDict : nn.Module, IDictionary<string, Parameter>, IList<(string, Parameter)>
    {
        public ParameterDict()
            : base(nameof(ParameterDict))
        {
        }

        public Parameter this[string key]
        {
            get => _internal_params[key];
            set
            {
                _internal_params.Remove(key);
                Add(key, value);
            }
        }

        public (string, Parameter) this[int index]
        {
            get => _internal_params[index];
            set
            {
                _internal_params[index] = value;
                RegisterComponents();
            }
        }

        public ICollection<string> Keys => _internal_params.Keys;

        public ICollection<Parameter> Values => _internal_params.Values;

        public int Count => _internal_params.Count;

        public bool IsReadOnly => false;

        // All are registered when they are added.
        protected override void RegisterComponents()
        {
        }

        public void Add(string key, Parameter value) => register_parameter(key, value);

        public IEnumerable<string> keys() => _internal_params.keys();

        public IEnumerable<Parameter> values() => _internal_params.values();

        public IEnumerator<(string, Parameter)> items() => _internal_params.GetEnumerator();

        public IEnumerator<(string, Parameter)> GetEnumerator() => _internal_params.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        IEnumerator<KeyValuePair<string, Parameter>> IEnumerable<KeyValuePair<string, Parameter>>.GetEnumerator() =>
            ((IEnumerable<KeyValuePair<string, Parameter>>)_internal_params).GetEnumerator();

        public bool ContainsKey(string key) => _internal_params.ContainsKey(key);

        public bool Contains((string, Parameter) item) => _internal_params.Contains(item);

        public bool Contains(KeyValuePair<string, Parameter> item) => _internal_params.Contains(item);

        public int IndexOf((string, Parameter) item) => _internal_params.IndexOf(item);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out Parameter value) => _internal_params.TryGetValue(key, out value);

        public void Add((string, Parameter) item) => Add(item.Item1, item.Item2);

        public void Add(KeyValuePair<string, Parameter> item) => Add(item.Key, item.Value);

        public void Insert(int index, (string, Parameter) item)
        {
            _internal_params.Insert(index, item);
            RegisterComponents();
        }

        public bool Remove(string key)
        {
            var removed = _internal_params.Remove(key);
            RegisterComponents();
            return removed;
        }

        public bool Remove((string, Parameter) item) => Contains(item) && Remove(item.Item1);

        public bool Remove(KeyValuePair<string, Parameter> item) => Remove((item.Key, item.Value));

        public void RemoveAt(int index) => Remove(_internal_params[index].Item1);

        public void Clear()
        {
            _internal_params.Clear();
            RegisterComponents();
        }

        public void clear() => Clear();

        public void CopyTo((string, Parameter)[] array, int arrayIndex) => _internal_params.CopyTo(array, arrayIndex);

        public void CopyTo(KeyValuePair<string, Parameter>[] array, int arrayIndex) => _internal_params.CopyTo(array, arrayIndex);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ParameterDict ParameterDict(params (string, Parameter)[] parameters)
            {
                var dictionary = new ParameterDict();
                foreach (var item in parameters) dictionary.Add(item);
                return dictionary;
            }
        }
    }
}
