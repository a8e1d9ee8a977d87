using System.Reflection;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>
        /// The base of all modules: a tree of parameters, buffers and submodules. A registered tensor belongs to the module, not to a
        /// dispose scope, and is released with it.
        /// </summary>
        public partial class Module : IDisposable
        {
            protected OrderedDict<string, Parameter> _internal_params = [];
            protected OrderedDict<string, (Tensor, bool)> _internal_buffers = [];
            protected OrderedDict<string, Module> _internal_submodules = [];
            protected string name;

            private bool _training = true;

            protected Module(string name) => this.name = name;

            public virtual bool training => _training;

            public virtual string GetName() => name;

            /// <summary>
            /// Registers the fields that hold a module, a parameter or a tensor (as a buffer), under the field's name. A derived class calls
            /// it at the end of its constructor; fields that are registered already are left alone.
            /// </summary>
            protected virtual void RegisterComponents()
            {
                foreach (var field in GetType().GetFields(InstanceFields))
                {
                    var component = field.ComponentName();
                    if (_internal_params.ContainsKey(component) || _internal_buffers.ContainsKey(component)
                        || _internal_submodules.ContainsKey(component)) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(component, module); break;
                        case Parameter parameter: register_parameter(component, parameter); break;
                        case Tensor tensor: register_buffer(component, tensor); break;
                    }
                }
            }

            private const BindingFlags InstanceFields = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;

            public virtual void register_parameter(string name, Parameter param)
            {
                if (param is null || param.IsInvalid)
                    throw new ArgumentNullException(nameof(param), $"Parameter '{name}' of {GetName()} is null or disposed; register a live tensor.");
                if (!_internal_params.ContainsKey(name)) param.DetachFromDisposeScope();
                else throw new InvalidOperationException($"Parameter '{name}' is already registered in {GetName()}.");
                _internal_params.Add(name, param);
            }

            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                if (tensor is null || tensor.IsInvalid)
                    throw new ArgumentNullException(nameof(tensor), $"Buffer '{name}' of {GetName()} is null or disposed; register a live tensor.");
                if (!_internal_buffers.ContainsKey(name)) tensor.DetachFromDisposeScope();
                else throw new InvalidOperationException($"Buffer '{name}' is already registered in {GetName()}.");
                _internal_buffers.Add(name, (tensor, persistent));
            }

            /// <summary>Registers a submodule; null removes the one of that name.</summary>
            public virtual void register_module(string name, Module submodule)
            {
                if (submodule is null)
                {
                    _internal_submodules.Remove(name);
                    return;
                }
                ArgumentException.ThrowIfNullOrEmpty(name);
                if (name.Contains('.', StringComparison.Ordinal))
                    throw new ArgumentException($"The module name '{name}' contains '.', which separates the levels of a parameter's name.", nameof(name));
                if (_internal_submodules.ContainsKey(name))
                    throw new InvalidOperationException($"Submodule '{name}' is already registered in {GetName()}.");
                submodule.RegisterComponents();
                _internal_submodules.Add(name, submodule);
            }

            public void add_module(string name, Module module) => register_module(name, module);

            protected void ClearModules() => _internal_submodules.clear();

            private protected Parameter? Registered(string name) => _internal_params.TryGetValue(name, out var parameter) ? parameter : null;

            /// <summary>Sets, replaces or (null) removes a parameter.</summary>
            protected void ConditionallyRegisterParameter(string name, Parameter? value)
            {
                _internal_params.Remove(name);
                if (value is not null) register_parameter(name, value);
            }

            protected void ConditionallyRegisterParameter(string name, Tensor value) =>
                ConditionallyRegisterParameter(name, value is null ? null : value as Parameter ?? new Parameter(value));

            /// <summary>Sets, replaces or (null) removes a buffer.</summary>
            protected void ConditionallyRegisterBuffer(string name, Tensor? value, bool persistent = true)
            {
                _internal_buffers.Remove(name);
                if (value is not null) register_buffer(name, value, persistent);
            }

            public virtual Module apply(Action<Module> fn)
            {
                foreach (var (_, child) in _internal_submodules) child.apply(fn);
                fn(this);
                return this;
            }

            public virtual void train(bool train = true)
            {
                _training = train;
                foreach (var (_, child) in named_children()) child.train(train);
            }

            public virtual void eval() => train(false);

            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    using var gradient = parameter.grad;
                    if (gradient is null) continue;
                    if (set_to_none) parameter.grad = null;
                    else using (no_grad()) gradient.zero_();
                }
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (!disposing) return;
                foreach (var (_, (buffer, _)) in _internal_buffers) buffer.Dispose();
                foreach (var (_, parameter) in _internal_params) parameter.Dispose();
                foreach (var (_, child) in _internal_submodules) child.Dispose();
            }
        }
    }
}
