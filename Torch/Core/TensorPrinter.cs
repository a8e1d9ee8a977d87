namespace TorchSharp;

/// <summary>Writes a tensor's values as text, the middle of a long dimension left out.</summary>
internal sealed class TensorPrinter(string floatFormat, CultureInfo culture, string newLine, int maxRows, int maxColumns)
{
    internal string Numpy(Tensor tensor) => Write(tensor, '[', ']', " ");

    internal string CSharp(Tensor tensor) => tensor.Dimensions == 0
        ? $"{tensor.dtype}, value = {Write(tensor, '{', '}', ", ")}"
        : $"[{string.Join("x", tensor.shape)}], type = {tensor.dtype}, device = {tensor.device}, value = {Write(tensor, '{', '}', ", ")}";

    internal string Julia(Tensor tensor)
    {
        string head = Metadata(tensor);
        return tensor.Dimensions == 0 ? $"{head}, value = {Write(tensor, '[', ']', " ")}" : head + newLine + Write(tensor, ' ', ' ', " ").Trim(' ');
    }

    internal static string Metadata(Tensor tensor) =>
        tensor.IsInvalid ? "a disposed tensor" : $"[{string.Join("x", tensor.shape)}], type = {tensor.dtype}, device = {tensor.device}";

    private string Write(Tensor tensor, char open, char close, string separator)
    {
        if (tensor.is_meta)
            return Metadata(tensor);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var host = tensor.cpu().contiguous();
        var text = new StringBuilder();
        Write(text, host, 0, open, close, separator);
        return text.ToString();
    }

    private void Write(StringBuilder text, Tensor tensor, int depth, char open, char close, string separator)
    {
        if (tensor.Dimensions == 0)
        {
            text.Append(Format(tensor.ToScalar()));
            return;
        }
        bool row = tensor.Dimensions == 1;
        long size = tensor.shape[0], shown = Math.Max(2, row ? maxColumns : maxRows);
        text.Append(open);
        for (long i = 0; i < size; i++)
        {
            if (i > 0)
                text.Append(row ? separator : separator.TrimEnd() + newLine + new string(' ', depth + 1));
            if (size > shown && i == shown / 2)
            {
                text.Append("...");
                i = size - (shown / 2) - 1;
                continue;
            }
            using var part = tensor[i];
            Write(text, part, depth + 1, open, close, separator);
        }
        text.Append(close);
    }

    private string Format(Scalar value) => is_floating_point(value.Type)
        ? value.ToDouble().ToString(floatFormat, culture)
        : value.Type switch
        {
            ScalarType.Bool => value.ToBoolean() ? "true" : "false",
            ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64 => value.ToComplexFloat64().ToString(floatFormat, culture),
            _ => value.ToInt64().ToString(culture),
        };
}
