namespace TorchSharp.Modules;

/// <summary>The common part of the convolutions. The weight is [out_channels, in_channels/groups, kernel…].</summary>
public abstract class Convolution : nn.Module<Tensor, Tensor>
{
    protected long input_channels;

    protected Convolution(string name, long in_channels, long out_channels, long[] kernel_size, long[] stride, long[]? padding, Padding? padding_type, long[] dilation, bool transposed, long[] output_padding, long groups, bool bias, PaddingModes padding_mode, Device? device = null, ScalarType? dtype = null)
        : base(name)
    {
        if (groups < 1 || in_channels % groups != 0 || out_channels % groups != 0)
            throw new ArgumentException($"{in_channels} input and {out_channels} output channels cannot be divided into {groups} groups.", nameof(groups));
        if (padding_type == Padding.Same && stride.Any(step => step != 1))
            throw new ArgumentException($"Padding.Same needs a stride of 1, not [{string.Join(", ", stride)}].", nameof(padding_type));
        input_channels = in_channels;
        this.out_channels = out_channels;
        this.kernel_size = kernel_size;
        this.stride = stride;
        this.padding = padding;
        this.padding_type = padding_type;
        this.dilation = dilation;
        this.transposed = transposed;
        this.output_padding = output_padding;
        this.groups = groups;
        this.padding_mode = padding_mode;
        var (first, second) = transposed ? (in_channels, out_channels) : (out_channels, in_channels);
        weight = new Parameter(empty([first, second / groups, .. kernel_size], dtype: dtype, device: device));
        if (bias) this.bias = new Parameter(empty(out_channels, dtype: dtype, device: device));
        reset_parameters();
    }

    public long in_channels => input_channels;

    public long out_channels { get; }

    public long[] kernel_size { get; set; }

    public long[] stride { get; set; }

    public long[]? padding { get; private set; }

    public Padding? padding_type { get; private set; }

    public PaddingModes padding_mode { get; set; }

    public long[] dilation { get; set; }

    public bool transposed { get; }

    public long[] output_padding { get; set; }

    public long groups { get; set; }

    public Parameter weight
    {
        get => Registered(nameof(weight))!;
        set => ConditionallyRegisterParameter(nameof(weight), value);
    }

    public Parameter? bias
    {
        get => Registered(nameof(bias));
        set => ConditionallyRegisterParameter(nameof(bias), value);
    }

    public void SetPadding(long[] padding) => (this.padding, padding_type) = (padding, null);

    public void SetPadding(Padding padding) => (this.padding, padding_type) = (null, padding);

    public void reset_parameters()
    {
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (bias is not { } shift) return;
        var (fanIn, _) = nn.init.CalculateFanInAndFanOut(weight);
        if (fanIn == 0) return;
        var bound = 1 / Math.Sqrt(fanIn);
        nn.init.uniform_(shift, -bound, bound);
    }

    /// <summary>Whether the input has the channels of this module, with or without a batch.</summary>
    protected bool ValidateShape(Tensor input, long dimensions) =>
        (input.dim() == dimensions + 2 && input.shape[1] == input_channels) || (input.dim() == dimensions + 1 && input.shape[0] == input_channels);

    private protected void RequireShape(Tensor input)
    {
        if (!ValidateShape(input, kernel_size.Length))
            throw new ArgumentException(
                $"{GetName()} takes [N, {input_channels}, …] or [{input_channels}, …] with {kernel_size.Length} spatial dims, not [{string.Join(", ", input.shape)}].", nameof(input));
    }

    /// <summary>The input padded by the mode, where that is not by zeros: the convolution itself only knows zeros. Null where there is nothing to do.</summary>
    private protected Tensor? Padded(Tensor input)
    {
        if (padding_mode is PaddingModes.Zeros or PaddingModes.Constant) return null;
        var sides = new List<long>();
        for (var i = kernel_size.Length - 1; i >= 0; i--)
        {
            var both = padding_type switch
            {
                Padding.Same => dilation[i] * (kernel_size[i] - 1),
                Padding.Valid => 0,
                _ => 2 * padding![i],
            };
            sides.AddRange([both / 2, both - both / 2]);
        }
        return nn.functional.pad(input, [.. sides], padding_mode);
    }
}
