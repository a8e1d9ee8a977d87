namespace TorchSharp;

public static partial class torch
{
    public const TensorStringStyle julia = TensorStringStyle.Julia;
    public const TensorStringStyle numpy = TensorStringStyle.Numpy;
    public const TensorStringStyle csharp = TensorStringStyle.CSharp;

    private static TensorStringStyle style = TensorStringStyle.Julia;
    private static string floatFormat = "g5", newLine = "\n";
    private static int maxRows = 6, maxColumns = 6;

    /// <summary>The style that <see cref="TensorStringStyle.Default"/> stands for.</summary>
    public static TensorStringStyle TensorStringStyle
    {
        get => style;
        set => style = value == TensorStringStyle.Default ? TensorStringStyle.Julia : value;
    }

    public static void set_printoptions(TensorStringStyle? style = null, string? floatFormat = null, int? linewidth = null, string? newLine = null, int? maxRows = null, int? maxColumns = null)
    {
        TensorStringStyle = style ?? TensorStringStyle;
        torch.floatFormat = floatFormat ?? torch.floatFormat;
        torch.newLine = newLine ?? torch.newLine;
        torch.maxRows = maxRows ?? torch.maxRows;
        torch.maxColumns = maxColumns ?? (linewidth is { } width ? Math.Max(2, width / 12) : torch.maxColumns);
    }

    public partial class Tensor
    {
        /// <summary>Shape, element type and device.</summary>
        public override string ToString() => TensorPrinter.Metadata(this);

        public string ToString(bool disamb, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null) =>
            disamb ? ToString(TensorStringStyle.Default, fltFormat, width, cultureInfo, newLine) : ToString();

        /// <summary>The tensor in a style; <paramref name="width"/> bounds the columns shown.</summary>
        public string ToString(TensorStringStyle style, string? fltFormat = null, int? width = null, CultureInfo? cultureInfo = null, string? newLine = null)
        {
            var printer = new TensorPrinter(
                fltFormat ?? floatFormat, cultureInfo ?? CultureInfo.InvariantCulture, newLine ?? torch.newLine, maxRows, width is { } w ? Math.Max(2, w / 12) : maxColumns);
            return (style == TensorStringStyle.Default ? torch.style : style) switch
            {
                TensorStringStyle.Metadata => TensorPrinter.Metadata(this),
                TensorStringStyle.Numpy => printer.Numpy(this),
                TensorStringStyle.CSharp => printer.CSharp(this),
                TensorStringStyle.Julia => printer.Julia(this),
                _ => throw new ArgumentOutOfRangeException(nameof(style), style, "no such style"),
            };
        }
    }
}
