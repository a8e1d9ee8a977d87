using static TorchSharp.torch;

namespace GShard;

/// <summary>Calls of NCCL that go as one group, and the tensors that they read and write, each contiguous.</summary>
internal sealed class NcclBatch
{
    private readonly List<Call> calls = [];
    private readonly List<Tensor> tensors = [];

    public enum Kind
    {
        AllReduce,
        ReduceScatter,
        AllGather,
        Broadcast,
        Send,
        Receive,
    }

    public IReadOnlyList<Call> Calls => calls;

    /// <summary>What the calls read and write.</summary>
    public IReadOnlyList<Tensor> Tensors => tensors;

    public void AllReduce(Tensor input, Tensor output, NcclType type) => Add(Kind.AllReduce, input, output, input.numel() * type.PerElement, type.Type, type.Operation);

    /// <summary>Every member's part of the reduction; the parts lie one after the other in the input.</summary>
    public void ReduceScatter(Tensor input, Tensor output, NcclType type) => Add(Kind.ReduceScatter, input, output, output.numel() * type.PerElement, type.Type, type.Operation);

    /// <summary>All members' inputs, of one size, one after the other.</summary>
    public void AllGather(Tensor input, Tensor output) => Add(Kind.AllGather, input, output, Bytes(input), NcclType.Byte, 0);

    public void Broadcast(Tensor input, Tensor output, int source) => Add(Kind.Broadcast, input, output, Bytes(input), NcclType.Byte, source);

    public void Send(Tensor input, int member) => Add(Kind.Send, input, null, Bytes(input), NcclType.Byte, member);

    public void Receive(Tensor output, int member) => Add(Kind.Receive, null, output, Bytes(output), NcclType.Byte, member);

    private void Add(Kind kind, Tensor? input, Tensor? output, long count, int type, int argument)
    {
        // Nobody waits for nothing: all members know the counts.
        if (count == 0) return;
        calls.Add(new Call(kind, Address(input), Address(output), (nuint)count, type, argument));
    }

    private nint Address(Tensor? tensor)
    {
        if (tensor is null) return 0;
        tensors.Add(tensor);
        return RawMemory.Pointer(tensor);
    }

    private static long Bytes(Tensor tensor) => tensor.numel() * ElementType.Size(tensor.dtype);

    /// <summary>One call.</summary>
    /// <param name="Kind">Which.</param>
    /// <param name="Input">The address of what is read.</param>
    /// <param name="Output">The address of what is written.</param>
    /// <param name="Count">Elements.</param>
    /// <param name="Type">NCCL's number of the element type.</param>
    /// <param name="Argument">The operation of a reduction, the source of a broadcast, the other member.</param>
    public readonly record struct Call(Kind Kind, nint Input, nint Output, nuint Count, int Type, int Argument);
}
