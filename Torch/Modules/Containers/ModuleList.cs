using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Modules in order, registered as "0", "1", …</summary>
    public class ModuleList<T> : nn.Module, IList<T>
        where T : nn.Module
    {
        private readonly List<T> _list = [];

        public ModuleList(params T[] modules)
            : base(nameof(ModuleList<T>)) => extend(modules);

        public T this[int index]
        {
            get => _list[index];
            set
            {
                _list[index] = value;
                RegisterComponents();
            }
        }

        public int Count => _list.Count;

        public bool IsReadOnly => false;

        // The names are positions: any change registers all of them anew.
        protected override void RegisterComponents()
        {
            ClearModules();
            for (var i = 0; i < _list.Count; i++) register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), _list[i]);
        }

        public void Add(T item)
        {
            _list.Add(item);
            RegisterComponents();
        }

        public void append(params T[] parameters) => extend(parameters);

        public void extend(IEnumerable<T> modules)
        {
            _list.AddRange(modules);
            RegisterComponents();
        }

        public void Insert(int index, T item)
        {
            _list.Insert(index, item);
            RegisterComponents();
        }

        public bool Remove(T item)
        {
            var removed = _list.Remove(item);
            RegisterComponents();
            return removed;
        }

        public void RemoveAt(int index)
        {
            _list.RemoveAt(index);
            RegisterComponents();
        }

        public void Clear()
        {
            _list.Clear();
            RegisterComponents();
        }

        public bool Contains(T item) => _list.Contains(item);

        public int IndexOf(T item) => _list.IndexOf(item);

        public void CopyTo(T[] array, int arrayIndex) => _list.CopyTo(array, arrayIndex);

        public IEnumerator<T> GetEnumerator() => _list.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ModuleList<T> ModuleList<T>(params T[] modules)
                where T : Module => new(modules);

            public static ModuleList<Module> ModuleList(params Module[] modules) => new(modules);
        }
    }
}
