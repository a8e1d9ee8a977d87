using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        // What is in the tree, by name. A tensor registered twice is listed once, under the first name.
        public partial class Module
        {
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var (name, parameter) in _internal_params)
                    if (!parameter.IsInvalid && seen.Add(parameter)) yield return (name, parameter);
                if (!recurse) yield break;
                foreach (var (prefix, child) in _internal_submodules)
                    foreach (var (name, parameter) in child.named_parameters(true))
                        if (seen.Add(parameter)) yield return ($"{prefix}.{name}", parameter);
            }

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var (name, (buffer, persistent)) in _internal_buffers)
                    if ((persistent || include_nonpersistent) && !buffer.IsInvalid && seen.Add(buffer)) yield return (name, buffer);
                if (!recurse) yield break;
                foreach (var (prefix, child) in _internal_submodules)
                    foreach (var (name, buffer) in child.named_buffers(true, include_nonpersistent))
                        if (seen.Add(buffer)) yield return ($"{prefix}.{name}", buffer);
            }

            public virtual IEnumerable<(string name, Module module)> named_children() => _internal_submodules;

            /// <summary>All modules below this one (not itself), the direct children first.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var child in _internal_submodules) yield return child;
                foreach (var (prefix, child) in _internal_submodules)
                    foreach (var (name, module) in child.named_modules())
                        yield return ($"{prefix}.{name}", module);
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(pair => pair.parameter);

            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(pair => pair.buffer);

            public virtual IEnumerable<Module> children() => named_children().Select(pair => pair.module);

            public virtual IEnumerable<Module> modules() => named_modules().Select(pair => pair.module);

            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>The parameter of the full name <paramref name="target"/>, or null.</summary>
            public virtual Parameter? get_parameter(string target)
            {
                ArgumentNullException.ThrowIfNull(target);
                if (_internal_params.TryGetValue(target, out var parameter)) return parameter;
                return TryStepInto(target, out var child, out var rest) ? child.get_parameter(rest) : null;
            }

            /// <summary>The buffer of the full name <paramref name="target"/>, or null.</summary>
            public virtual Tensor? get_buffer(string target)
            {
                ArgumentNullException.ThrowIfNull(target);
                if (_internal_buffers.TryGetValue(target, out var buffer)) return buffer.Item1;
                return TryStepInto(target, out var child, out var rest) ? child.get_buffer(rest) : null;
            }

            private bool TryStepInto(string target, [NotNullWhen(true)] out Module? child, out string rest)
            {
                var dot = target.IndexOf('.', StringComparison.Ordinal);
                rest = dot < 0 ? "" : target[(dot + 1)..];
                child = null;
                return dot > 0 && _internal_submodules.TryGetValue(target[..dot], out child);
            }
        }
    }
}
