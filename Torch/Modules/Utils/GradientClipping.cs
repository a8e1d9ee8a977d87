using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            private static readonly NativeOperator s_vectorNorm = new("aten::linalg_vector_norm");
            private static readonly NativeOperator s_stack = new("aten::stack");
            private static readonly NativeOperator s_clamp = new("aten::clamp_");

            /// <summary>
            /// Scales all gradients by one factor so that their norm, taken as one vector, is at most <paramref name="max_norm"/>.
            /// Returns the norm before.
            /// </summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2)
            {
                using var _ = no_grad();
                var gradients = Gradients(tensors);
                if (gradients.Count == 0) return 0;
                try
                {
                    var norms = gradients.Select(gradient => s_vectorNorm.Call(gradient, norm_type)).ToArray();
                    using var all = s_stack.Call(norms);
                    using var total = s_vectorNorm.Call(all, norm_type);
                    foreach (var norm in norms) norm.Dispose();
                    var value = total.ToDouble();
                    var factor = max_norm / (value + 1e-6);
                    if (factor < 1)
                        foreach (var gradient in gradients) gradient.mul_(factor);
                    return value;
                }
                finally
                {
                    foreach (var gradient in gradients) gradient.Dispose();
                }
            }

            /// <summary>Clamps every element of the gradients to [−clip_value, clip_value].</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var _ = no_grad();
                foreach (var gradient in Gradients(tensors))
                {
                    s_clamp.Apply(gradient, -clip_value, clip_value);
                    gradient.Dispose();
                }
            }

            private static List<Tensor> Gradients(IEnumerable<Parameter> parameters)
            {
                var gradients = new List<Tensor>();
                foreach (var parameter in parameters)
                    if (parameter.grad is { } gradient) gradients.Add(gradient);
                return gradients;
            }
        }
    }
}
