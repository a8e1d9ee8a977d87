using static TorchSharp.torch;

namespace GShard;

public static partial class Sharding
{
    /// <summary>
    /// A manual region: the body runs on every rank's own part of the tensors, placed as the text says (the paper's auto-to-manual and
    /// back). <c>"B@data K@model, K@model H -> B@data H"</c>: a dim with <c>@</c> is split over that mesh axis, any other is whole; one that
    /// is split and that no result has is summed over its axis. The body is a static lambda, a static local function or a static method; it
    /// returns a fresh tensor, or a tuple of them, and does on parts what it does on the whole. Unsharded, it runs on the whole.
    /// </summary>
    /// <param name="placements">The dims of every operand and result, and where they are split.</param>
    /// <param name="body">The computation.</param>
    /// <param name="a">The operand.</param>
    /// <param name="backward">A static function of the results' cotangents, then the operands, to the gradients of the floating-point operands; null for libtorch's autograd of the body.</param>
    public static TResult Local<TResult>(string placements, Func<Tensor, TResult> body, Tensor a, Delegate? backward = null)
    {
        Check(placements, body, backward);
        return body(a);
    }

    /// <summary>A manual region of two operands; see <see cref="Local{TResult}(string, Func{Tensor, TResult}, Tensor, Delegate?)"/>.</summary>
    public static TResult Local<TResult>(string placements, Func<Tensor, Tensor, TResult> body, Tensor a, Tensor b, Delegate? backward = null)
    {
        Check(placements, body, backward);
        return body(a, b);
    }

    /// <summary>A manual region of three operands; see <see cref="Local{TResult}(string, Func{Tensor, TResult}, Tensor, Delegate?)"/>.</summary>
    public static TResult Local<TResult>(string placements, Func<Tensor, Tensor, Tensor, TResult> body, Tensor a, Tensor b, Tensor c, Delegate? backward = null)
    {
        Check(placements, body, backward);
        return body(a, b, c);
    }

    /// <summary>A manual region of four operands; see <see cref="Local{TResult}(string, Func{Tensor, TResult}, Tensor, Delegate?)"/>.</summary>
    public static TResult Local<TResult>(string placements, Func<Tensor, Tensor, Tensor, Tensor, TResult> body, Tensor a, Tensor b, Tensor c, Tensor d, Delegate? backward = null)
    {
        Check(placements, body, backward);
        return body(a, b, c, d);
    }

    private static void Check(string placements, Delegate body, Delegate? backward)
    {
        ArgumentException.ThrowIfNullOrEmpty(placements);
        ArgumentNullException.ThrowIfNull(body);
        if (backward is not null && backward.Method.ReturnType == typeof(void))
            throw new ArgumentException("The backward of a local region returns nothing; return the gradients of its floating-point operands.", nameof(backward));
    }
}
