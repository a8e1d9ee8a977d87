namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public enum NonLinearities
        {
            ReLU = 0,
            Tanh = 1,
        }

        public static partial class init
        {
            /// <summary>Which side of a weight keeps its variance: the inputs in the forward pass, the outputs in the backward pass.</summary>
            public enum FanInOut
            {
                FanIn = 0,
                FanOut = 1,
            }

            public enum NonlinearityType
            {
                Linear = 0,
                Conv1D = 1,
                Conv2D = 2,
                Conv3D = 3,
                ConvTranspose1D = 4,
                ConvTranspose2D = 5,
                ConvTranspose3D = 6,
                Sigmoid = 7,
                Tanh = 8,
                ReLU = 9,
                LeakyReLU = 10,
            }

            /// <summary>By how much a weight's deviation must grow to make up for the nonlinearity behind it.</summary>
            public static double calculate_gain(NonlinearityType nonlinearity, double param = 0) => nonlinearity switch
            {
                NonlinearityType.Tanh => 5.0 / 3,
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + param * param)),
                _ => 1,
            };

            /// <summary>Of a weight [out, in, kernel…]: the inputs of one output and the outputs of one input.</summary>
            public static (long fanIn, long fanOut) CalculateFanInAndFanOut(Tensor tensor)
            {
                var shape = tensor.shape;
                if (shape.Length < 2)
                    throw new ArgumentException($"Fan-in and fan-out need a tensor of two dims or more, not [{string.Join(", ", shape)}].", nameof(tensor));
                var kernel = shape.Skip(2).Aggregate(1L, (product, size) => product * size);
                return (shape[1] * kernel, shape[0] * kernel);
            }
        }
    }
}
