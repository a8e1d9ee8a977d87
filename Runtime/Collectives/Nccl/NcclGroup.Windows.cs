using static TorchSharp.torch;

namespace GShard;

/// <summary>Windows over a split dimension: every member can tell what every other looks at, and sends it that.</summary>
internal sealed partial class NcclGroup
{
    public override Tensor Window(Tensor x, int dim, SlidingWindow window, double fill)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.Window, operand, dim) with { Window = window };
        Meet(call);
        var result = full(With(operand.shape, dim, window.Length(Size, member)), fill, operand.dtype, operand.device);
        var arrived = new List<(SlidingWindow.Piece Piece, Tensor Elements)>();
        Exchange(call, operand.device, batch =>
        {
            for (var looker = 0; looker < Size; looker++)
                foreach (var piece in window.Pieces(Size, looker))
                {
                    if (piece.Owner == member && looker != member) batch.Send(operand.narrow(dim, piece.OwnerOffset, piece.Length).contiguous(), looker);
                    if (looker != member) continue;
                    if (piece.Owner == member)
                    {
                        arrived.Add((piece, operand.narrow(dim, piece.OwnerOffset, piece.Length)));
                        continue;
                    }
                    var elements = empty(With(operand.shape, dim, piece.Length), operand.dtype, operand.device);
                    batch.Receive(elements, piece.Owner);
                    arrived.Add((piece, elements));
                }
        });
        foreach (var (piece, elements) in arrived) result.narrow(dim, piece.RangeOffset, piece.Length).copy_(elements);
        return result.MoveToOuterDisposeScope();
    }

    public override Tensor WindowAdd(Tensor x, int dim, SlidingWindow window)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var operand = Operand(x);
        var call = CallOf(CollectiveKind.WindowAdd, operand, dim) with { Window = window };
        Meet(call);
        var result = zeros(With(operand.shape, dim, Chunk.Size(window.Size, Size, member, window.SizeGranule)), operand.dtype, operand.device);
        // In the order of the givers, as they are added.
        var arrived = new List<(SlidingWindow.Piece Piece, Tensor Elements)>();
        Exchange(call, operand.device, batch =>
        {
            for (var giver = 0; giver < Size; giver++)
                foreach (var piece in window.Pieces(Size, giver))
                {
                    if (giver == member && piece.Owner != member) batch.Send(operand.narrow(dim, piece.RangeOffset, piece.Length).contiguous(), piece.Owner);
                    if (piece.Owner != member) continue;
                    if (giver == member)
                    {
                        arrived.Add((piece, operand.narrow(dim, piece.RangeOffset, piece.Length)));
                        continue;
                    }
                    var elements = empty(With(operand.shape, dim, piece.Length), operand.dtype, operand.device);
                    batch.Receive(elements, giver);
                    arrived.Add((piece, elements));
                }
        });
        foreach (var (piece, elements) in arrived) result.narrow(dim, piece.OwnerOffset, piece.Length).add_(elements);
        return result.MoveToOuterDisposeScope();
    }
}
