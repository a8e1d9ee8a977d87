using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        // Moves between devices and element types. Parameters and buffers are replaced by converted ones, in the registry and in the
        // fields that hold them; the old ones are released.
        public partial class Module
        {
            protected DeviceType _deviceType = DeviceType.CPU;
            protected int _deviceIndex = -1;

            // Old tensor to its replacement, so that a tensor shared by two modules is still shared afterwards.
            private static readonly ConditionalWeakTable<Tensor, Tensor> s_replaced = [];

            protected static (Device device, ScalarType dtype) GetDefaultDeviceAndType(Device? device = null, ScalarType? dtype = null) =>
                (device ?? get_default_device(), dtype ?? get_default_dtype());

            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                Require(device.type);
                _toEpilog((ScalarType?)dtype, device, non_blocking);
                return this;
            }

            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                Require(deviceType);
                _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);
                return this;
            }

            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                _toEpilog(dtype, null, non_blocking);
                return this;
            }

            public Module _to(Tensor other, bool non_blocking) => _to(other.device, other.dtype, non_blocking);

            private static void Require(DeviceType deviceType)
            {
                if (deviceType == DeviceType.CUDA && !cuda.is_available())
                    throw new InvalidOperationException("CUDA is not available: this libtorch has no CUDA, or the machine has no device for it.");
            }

            protected virtual void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                foreach (var (_, child) in _internal_submodules)
                {
                    if (device is null) child._to(dtype!.Value, non_blocking);
                    else if (dtype is null) child._to(device.type, device.index, non_blocking);
                    else child._to(device, dtype.Value, non_blocking);
                }

                var replaced = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var name in _internal_params.keys().ToList())
                {
                    var parameter = _internal_params[name];
                    if (!ReplaceParameter(dtype, device, parameter, out var replacement)) continue;
                    _internal_params[name] = replacement;
                    replaced[parameter] = replacement;
                }
                foreach (var name in _internal_buffers.keys().ToList())
                {
                    var (buffer, persistent) = _internal_buffers[name];
                    if (!ReplaceBuffer(dtype, device, buffer, out var replacement)) continue;
                    _internal_buffers[name] = (replacement, persistent);
                    replaced[buffer] = replacement;
                }

                foreach (var old in replaced.Keys) old.Dispose();
                for (var type = GetType(); replaced.Count > 0 && type != typeof(Module); type = type.BaseType!)
                    foreach (var field in type.GetFields(InstanceFields | BindingFlags.DeclaredOnly))
                        if (field.GetValue(this) is Tensor held && replaced.TryGetValue(held, out var replacement)) field.SetValue(this, replacement);

                if (device is null) return;
                _deviceType = device.type;
                _deviceIndex = device.index;
            }

            /// <summary>Converts a parameter and its gradient; false where it is already as asked.</summary>
            protected static bool ReplaceParameter(ScalarType? dtype, Device? device, Parameter param, out Parameter p)
            {
                p = param;
                if (s_replaced.TryGetValue(param, out var earlier) && param.IsInvalid)
                {
                    p = (Parameter)earlier;
                    return true;
                }
                if (!TryConvert(dtype, device, param, out var converted)) return false;
                p = new Parameter(converted, param.requires_grad);
                p.DetachFromDisposeScope();
                using var gradient = param.grad;
                if (gradient is not null)
                {
                    TryConvert(dtype, device, gradient, out var convertedGradient);
                    p.grad = convertedGradient;
                    if (!ReferenceEquals(convertedGradient, gradient)) convertedGradient.Dispose();
                }
                s_replaced.AddOrUpdate(param, p);
                return true;
            }

            /// <summary>Converts a buffer; false where it is already as asked.</summary>
            protected static bool ReplaceBuffer(ScalarType? dtype, Device? device, Tensor buffer, out Tensor result)
            {
                result = buffer;
                if (s_replaced.TryGetValue(buffer, out var earlier) && buffer.IsInvalid)
                {
                    result = earlier;
                    return true;
                }
                if (!TryConvert(dtype, device, buffer, out result)) return false;
                result.DetachFromDisposeScope();
                s_replaced.AddOrUpdate(buffer, result);
                return true;
            }

            // An element type applies to floating-point tensors only: counters and index tables keep theirs.
            private static bool TryConvert(ScalarType? dtype, Device? device, Tensor tensor, out Tensor converted)
            {
                converted = tensor;
                var wantedType = dtype is { } asked && tensor.is_floating_point() ? asked : tensor.dtype;
                var moves = device is not null && (device.type != tensor.device_type || (device.index >= 0 && device.index != tensor.device_index));
                if (wantedType == tensor.dtype && !moves) return false;
                using var _ = no_grad();
                converted = moves ? tensor.to(wantedType, device!) : tensor.to(wantedType);
                return true;
            }
        }
    }
}
