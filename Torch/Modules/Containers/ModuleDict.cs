using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Modules by name, in order; each is registered under its key.</summary>
    public class ModuleDict<T> : nn.Module, IDictionary<string, T>, IList<(string, T)>
        where T : nn.Module
    {
        private readonly Utils.OrderedDict<string, T> _dict = [];

        public ModuleDict()
            : base(nameof(ModuleDict<T>))
        {
        }

        public T this[string key]
        {
            get => _dict[key];
            set
            {
                _dict.Remove(key);
                Add(key, value);
            }
        }

        public (string, T) this[int index]
        {
            get => _dict[index];
            set
            {
                _dict[index] = value;
                RegisterComponents();
            }
        }

        public ICollection<string> Keys => _dict.Keys;

        public ICollection<T> Values => _dict.Values;

        public int Count => _dict.Count;

        public bool IsReadOnly => false;

        // The registry follows the order of the dictionary.
        protected override void RegisterComponents()
        {
            ClearModules();
            foreach (var (name, module) in _dict) register_module(name, module);
        }

        public void Add(string key, T value)
        {
            _dict.Add(key, value);
            RegisterComponents();
        }

        public IEnumerable<string> keys() => _dict.keys();

        public IEnumerable<T> values() => _dict.values();

        public IEnumerator<(string, T)> items() => _dict.GetEnumerator();

        public IEnumerator<(string, T)> GetEnumerator() => _dict.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        IEnumerator<KeyValuePair<string, T>> IEnumerable<KeyValuePair<string, T>>.GetEnumerator() =>
            ((IEnumerable<KeyValuePair<string, T>>)_dict).GetEnumerator();

        public bool ContainsKey(string key) => _dict.ContainsKey(key);

        public bool Contains((string, T) item) => _dict.Contains(item);

        public bool Contains(KeyValuePair<string, T> item) => _dict.Contains(item);

        public int IndexOf((string, T) item) => _dict.IndexOf(item);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => _dict.TryGetValue(key, out value);

        public void Add((string, T) item) => Add(item.Item1, item.Item2);

        public void Add(KeyValuePair<string, T> item) => Add(item.Key, item.Value);

        public void Insert(int index, (string, T) item)
        {
            _dict.Insert(index, item);
            RegisterComponents();
        }

        public bool Remove(string key)
        {
            var removed = _dict.Remove(key);
            RegisterComponents();
            return removed;
        }

        public bool Remove((string, T) item) => Contains(item) && Remove(item.Item1);

        public bool Remove(KeyValuePair<string, T> item) => Remove((item.Key, item.Value));

        public void RemoveAt(int index) => Remove(_dict[index].Item1);

        public void Clear()
        {
            _dict.Clear();
            RegisterComponents();
        }

        public void clear() => Clear();

        public void CopyTo((string, T)[] array, int arrayIndex) => _dict.CopyTo(array, arrayIndex);

        public void CopyTo(KeyValuePair<string, T>[] array, int arrayIndex) => _dict.CopyTo(array, arrayIndex);
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ModuleDict<T> ModuleDict<T>(params (string, T)[] modules)
                where T : Module
            {
                var dictionary = new ModuleDict<T>();
                foreach (var (name, module) in modules) dictionary.Add(name, module);
                return dictionary;
            }

            public static ModuleDict<Module> ModuleDict(params (string, Module)[] modules) => ModuleDict<Module>(modules);
        }
    }
}
