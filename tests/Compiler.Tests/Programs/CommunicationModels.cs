namespace GShard.Compiler.Tests.Programs;

/// <summary>The ways of sharding that people know by name, in the text form.</summary>
internal static class CommunicationModels
{
    /// <summary>LayerNorm on a split sequence, an MLP whose weights are split over the same axis (Korthikanti et al., 2022).</summary>
    public const string SequenceParallel =
        """
        mesh model
        func forward(x: float[B,T@model,M], weight gain: float[M], weight offset: float[M], weight up: float[H@model,M], weight down: float[M,H@model]) {
          n: float[B,T,M]?, mean: float[B,T,1]?, rstd: float[B,T,1]? = layer_norm[dims=1, eps=`1e-5`](x, gain, offset)
          normed: float[B,T,M] = constraint(n)
          hidden: float[B,T,H]? = linear(normed, up)
          h: float[B,T,H]? = gelu(hidden)
          z: float[B,T,M]? = linear(h, down)
          y: float[B,T@model,M] = constraint(z)
          sum: float[B,T@model,M] = add(x, y)
          return sum
        }
        """;

    /// <summary>Parameters split over the axis of the batch: gathered where they are used, their gradients scattered (Rajbhandari et al., 2020).</summary>
    public const string Zero3 =
        """
        mesh data
        func forward(x: float[B@data,M], weight up: float[H@data,M], weight down: float[M@data,H]) {
          hidden: float[B@data,H] = linear(x, up)
          h: float[B@data,H] = tanh(hidden)
          y: float[B@data,M] = linear(h, down)
          return y
        }
        """;

    /// <summary>The same with a norm and biases, whose vectors travel with matrices, and with weights split along different dims.</summary>
    public const string Zero3Block =
        """
        mesh data
        func forward(x: float[B@data,M], weight gain: float[M@data], weight offset: float[M@data], weight up: float[H@data,M], weight upBias: float[H@data], weight middle: float[H,H@data], weight down: float[M,H@data]) {
          normed: float[B@data,M], mean: float[B@data,1], rstd: float[B@data,1] = layer_norm[dims=1, eps=`1e-5`](x, gain, offset)
          hidden: float[B@data,H] = linear_bias(normed, up, upBias)
          h: float[B@data,H] = tanh(hidden)
          m: float[B@data,H] = linear(h, middle)
          s: float[B@data,H] = tanh(m)
          y: float[B@data,M] = linear(s, down)
          return y
        }
        """;

    /// <summary>Two values that are gathered side by side, along different dims.</summary>
    public const string TwoGathers =
        """
        mesh model
        func forward(a: float[B@model,M], b: float[H,B@model]) {
          x: float[B@model,M] = tanh(a)
          y: float[H,B@model] = tanh(b)
          whole: float[B,M] = constraint(x)
          other: float[H,B] = constraint(y)
          p: float[B,M] = tanh(whole)
          q: float[H,B] = tanh(other)
          return p, q
        }
        """;

    /// <summary>Attention and MLP beside each other, each row-parallel in its last layer (Wang and Komatsuzaki, 2021).</summary>
    public const string ParallelBlock =
        """
        mesh model
        func forward(x: float[B,M], weight up: float[H@model,M], weight down: float[M,H@model], weight downBias: float[M], weight value: float[M@model,M], weight output: float[M,M@model], weight outputBias: float[M]) {
          a: float[B,H]? = linear(x, up)
          h: float[B,H]? = tanh(a)
          left: float[B,M]? = linear_bias(h, down, downBias)
          v: float[B,M]? = linear(x, value)
          s: float[B,M]? = tanh(v)
          right: float[B,M]? = linear_bias(s, output, outputBias)
          first: float[B,M]? = add(x, left)
          y: float[B,M]? = add(first, right)
          return y
        }
        """;

    /// <summary>A weight that every iteration of a loop uses.</summary>
    public const string SharedWeight =
        """
        mesh data
        func forward(x: float[B@data,M], memory: float[M,M], weight w: float[M,M]) {
          y: float[B,M]? = foreach[layers, item=layer](x) {
            |h: float[B,M]?|
            a: float[B,M]? = matmul(h, w)
            b: float[B,M]? = matmul(a, memory)
            c: float[B,M]? = tanh(b)
            yield c
          }
          return y
        }
        """;

    /// <summary>Two dims give their axes to a third: XLA replicates the whole tensor here.</summary>
    public const string TwoAllToAlls =
        """
        mesh x=4, y=2
        func forward(a: float[B@y,M,H@x]) {
          b: float[B,M@x@y,H] = constraint(a)
          c: float[B,M@x@y,H] = tanh(b)
          return c
        }
        """;
}
