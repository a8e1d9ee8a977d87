using static TorchSharp.torch;

namespace GShard;

/// <summary>Windows over a split dimension: every member can tell what every other looks at, and sends it that.</summary>
internal sealed unsafe partial class ExchangeGroup
{
    public override Tensor Window(Tensor x, int dim, SlidingWindow window, double fill)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.Window, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Window = window };
        var rowBytes = RowBytes(operand, dim);
        var (sent, received) = (new long[Size], new long[Size]);
        for (var looker = 0; looker < Size; looker++)
            foreach (var piece in window.Pieces(Size, looker))
            {
                if (piece.Owner == member) sent[looker] += piece.Length * rowBytes;
                if (looker == member) received[piece.Owner] += piece.Length * rowBytes;
            }
        var packed = new ExchangeBuffer(sent.Sum());
        var target = packed.Pointer;
        for (var looker = 0; looker < Size; looker++)
            foreach (var piece in window.Pieces(Size, looker))
                if (piece.Owner == member) target += Cut(operand.Run.Pointer, operand.Shape, dim, piece.OwnerOffset, piece.Length, target, operand.ElementSize);
        using var meeting = Meet(call, Runs(packed.Pointer, sent), Concerned(sent), Concerned(received));
        var result = WindowMemory.NewWindows(operand, dim, window, Size, member, fill);
        var places = meeting.Take(received);

        // Pieces of one owner come in the order of this member's range.
        var shape = result.shape;
        var to = new long[shape.Length];
        foreach (var piece in window.Pieces(Size, member))
        {
            var box = With(shape, dim, piece.Length);
            to[dim] = piece.RangeOffset;
            BlockCopy.Copy(places[piece.Owner], box, new long[shape.Length], RawMemory.Pointer(result), shape, to, box, operand.ElementSize);
            places[piece.Owner] += (nint)(piece.Length * rowBytes);
        }
        packed.Dispose();
        return result;
    }

    public override Tensor WindowAdd(Tensor x, int dim, SlidingWindow window)
    {
        using var operand = new ContiguousOperand(x);
        var call = new CollectiveCall { Kind = CollectiveKind.WindowAdd, Dtype = operand.Dtype, Shape = operand.Shape, First = dim, Window = window };
        var rowBytes = RowBytes(operand, dim);
        var (sent, received) = (new long[Size], new long[Size]);
        foreach (var piece in window.Pieces(Size, member)) sent[piece.Owner] += piece.Length * rowBytes;
        for (var giver = 0; giver < Size; giver++)
            received[giver] = window.Pieces(Size, giver).Where(piece => piece.Owner == member).Sum(piece => piece.Length) * rowBytes;
        var packed = new ExchangeBuffer(sent.Sum());
        var target = packed.Pointer;
        foreach (var piece in window.Pieces(Size, member).OrderBy(piece => piece.Owner))
            target += Cut(operand.Run.Pointer, operand.Shape, dim, piece.RangeOffset, piece.Length, target, operand.ElementSize);
        using var meeting = Meet(call, Runs(packed.Pointer, sent), Concerned(sent), Concerned(received));
        var result = WindowMemory.NewChunk(operand, dim, window, Size, member);
        var places = meeting.Take(received);

        var shape = result.shape;
        var (outer, inner) = (Product(shape.AsSpan(0, dim)), Product(shape.AsSpan(dim + 1)));
        for (var giver = 0; giver < Size; giver++)
            foreach (var piece in window.Pieces(Size, giver).Where(piece => piece.Owner == member))
            {
                for (var row = 0L; row < outer; row++)
                {
                    var place = RawMemory.Pointer(result) + (nint)(((row * shape[dim]) + piece.OwnerOffset) * inner * operand.ElementSize);
                    var summand = places[giver] + (nint)(row * piece.Length * inner * operand.ElementSize);
                    ElementReduction.Run(result.dtype, Reduction.Sum, [place, summand], 0, [place], 0, piece.Length * inner);
                }
                places[giver] += (nint)(piece.Length * rowBytes);
            }
        packed.Dispose();
        return result;
    }

    /// <summary>The others to whom, or from whom, anything goes.</summary>
    private int[] Concerned(long[] bytes) => [.. group.Others.Where(other => bytes[other] > 0)];

    // The bytes of one index of a dimension.
    private static long RowBytes(ContiguousOperand operand, int dim) =>
        Product(operand.Shape.AsSpan(0, dim)) * Product(operand.Shape.AsSpan(dim + 1)) * operand.ElementSize;

    private static nint Cut(nint source, long[] shape, int dim, long offset, long length, nint target, int elementSize)
    {
        var box = With(shape, dim, length);
        var from = new long[shape.Length];
        from[dim] = offset;
        BlockCopy.Copy(source, shape, from, target, box, new long[shape.Length], box, elementSize);
        return (nint)(Product(box) * elementSize);
    }
}
