namespace GShard.Torch;

/// <summary>
/// One operator of libtorch, called through the dispatcher. Arguments follow the schema's order; trailing ones that are left out take
/// its defaults. Errors are libtorch's own text in an <see cref="ExternalException"/>. Results belong to the caller.
/// </summary>
/// <remarks>The operator is looked up at its first call: not every version of libtorch has every one.</remarks>
public sealed unsafe class NativeOperator
{
    private const int StackScratch = 512;

    private readonly string name, overload;
    private IntPtr handle;

    /// <param name="name">The schema's name, such as <c>aten::add</c>.</param>
    /// <param name="overload">The schema's overload, such as <c>Tensor</c>; empty for the unnamed one.</param>
    public NativeOperator(string name, string overload = "")
    {
        this.name = name;
        this.overload = overload;
    }

    /// <summary>Whether this libtorch has the operator.</summary>
    public bool Exists => handle != IntPtr.Zero || Find() != IntPtr.Zero;

    /// <summary>Calls an operator that returns one tensor; null where libtorch returns an undefined one.</summary>
    public Tensor Call(params ReadOnlySpan<Argument> arguments)
    {
        NativeArgument result;
        Invoke(arguments, &result, 1);
        return Take(result);
    }

    /// <summary>Calls an operator that returns two tensors; null where libtorch returns an undefined one.</summary>
    public (Tensor, Tensor) Call2(params ReadOnlySpan<Argument> arguments)
    {
        var results = stackalloc NativeArgument[2];
        Invoke(arguments, results, 2);
        return (Take(results[0]), Take(results[1]));
    }

    /// <summary>Calls an operator that returns three tensors; null where libtorch returns an undefined one, as for masked-off gradients.</summary>
    public (Tensor, Tensor, Tensor) Call3(params ReadOnlySpan<Argument> arguments)
    {
        var results = stackalloc NativeArgument[3];
        Invoke(arguments, results, 3);
        return (Take(results[0]), Take(results[1]), Take(results[2]));
    }

    /// <summary>Calls an operator that returns four tensors; null where libtorch returns an undefined one.</summary>
    public (Tensor, Tensor, Tensor, Tensor) Call4(params ReadOnlySpan<Argument> arguments)
    {
        var results = stackalloc NativeArgument[4];
        Invoke(arguments, results, 4);
        return (Take(results[0]), Take(results[1]), Take(results[2]), Take(results[3]));
    }

    /// <summary>Calls an operator that returns <paramref name="results"/> tensors; null where libtorch returns an undefined one.</summary>
    public Tensor?[] CallMany(int results, params ReadOnlySpan<Argument> arguments)
    {
        var native = stackalloc NativeArgument[results];
        Invoke(arguments, native, results);
        var tensors = new Tensor?[results];
        for (int i = 0; i < results; i++)
            tensors[i] = Take(native[i]);
        return tensors;
    }

    /// <summary>Calls an operator that returns a list of tensors.</summary>
    public Tensor[] CallList(params ReadOnlySpan<Argument> arguments)
    {
        NativeArgument result;
        Invoke(arguments, &result, 1);
        var tensors = new Tensor[result.Length];
        for (int i = 0; i < tensors.Length; i++)
            tensors[i] = Tensor.Own(((IntPtr*)result.Pointer)[i]);
        LibTorch.ts_free(result.Pointer);
        return tensors;
    }

    /// <summary>Calls an in-place operator or one with an <c>out</c> argument; what it returns is an argument already, and dropped.</summary>
    public void Apply(params ReadOnlySpan<Argument> arguments) => Invoke(arguments, null, 0);

    /// <summary>Calls an operator that returns a number or a truth value.</summary>
    public Scalar CallScalar(params ReadOnlySpan<Argument> arguments)
    {
        NativeArgument result;
        Invoke(arguments, &result, 1);
        switch (result.Tag)
        {
            case NativeTag.Int: return result.Int;
            case NativeTag.Double: return result.Double;
            case NativeTag.Bool: return result.Int != 0;
            case NativeTag.Complex:
                var parts = (double*)result.Pointer;
                var value = new Complex(parts[0], parts[1]);
                LibTorch.ts_free(result.Pointer);
                return value;
            default: throw new InvalidOperationException($"{this} returns no number");
        }
    }

    public override string ToString() => overload.Length == 0 ? name : $"{name}.{overload}";

    [SkipLocalsInit]
    private void Invoke(ReadOnlySpan<Argument> arguments, NativeArgument* results, int count)
    {
        if (handle == IntPtr.Zero && Find() == IntPtr.Zero)
            throw LibTorch.LastError();
        int bytes = 0;
        foreach (ref readonly var argument in arguments)
            bytes += argument.ScratchBytes;
        var native = stackalloc NativeArgument[arguments.Length];
        byte* stack = stackalloc byte[StackScratch];
        byte* heap = bytes > StackScratch ? (byte*)System.Runtime.InteropServices.NativeMemory.Alloc((nuint)bytes) : null;
        byte* scratch = heap == null ? stack : heap;
        try
        {
            for (int i = 0; i < arguments.Length; i++)
                arguments[i].Write(out native[i], ref scratch);
            LibTorch.Check(LibTorch.ts_call(handle, native, arguments.Length, results, count));
        }
        finally
        {
            System.Runtime.InteropServices.NativeMemory.Free(heap);
            foreach (ref readonly var argument in arguments)
                argument.KeepAlive();
        }
    }

    private IntPtr Find()
    {
        fixed (byte* n = Encoding.UTF8.GetBytes(name + '\0'), o = Encoding.UTF8.GetBytes(overload + '\0'))
            return handle = LibTorch.ts_operator(n, o);
    }

    private static Tensor Take(in NativeArgument result) => result.Tag == NativeTag.Tensor ? Tensor.Own((IntPtr)result.Pointer) : null!;
}
