using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            /// <summary>All parameters one after the other as a vector, which autograd follows.</summary>
            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
            {
                var flat = tensors.Select(parameter => parameter.reshape(-1)).ToArray();
                var vector = cat(flat);
                foreach (var part in flat) part.Dispose();
                return vector;
            }

            /// <summary>Copies the parts of a vector into the parameters, in order.</summary>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                var list = tensors.ToList();
                var wanted = list.Sum(parameter => parameter.numel());
                if (vec.dim() != 1 || vec.numel() != wanted)
                    throw new ArgumentException($"The parameters hold {wanted} numbers; the vector has the shape [{string.Join(", ", vec.shape)}].", nameof(vec));
                using var _ = no_grad();
                var start = 0L;
                foreach (var parameter in list)
                {
                    using var part = vec.narrow(0, start, parameter.numel());
                    using var shaped = part.reshape(parameter.shape);
                    parameter.copy_(shaped);
                    start += parameter.numel();
                }
            }
        }
    }
}
