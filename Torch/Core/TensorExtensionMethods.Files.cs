namespace TorchSharp;

// Tensors in streams and files, in TorchSharp's format.
public static partial class TensorExtensionMethods
{
    public static void Save(this Tensor tensor, BinaryWriter writer) => TensorStream.Write(writer, tensor);

    public static void Save(this Tensor tensor, Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        tensor.Save(writer);
    }

    public static void Save(this Tensor tensor, string location)
    {
        using var file = File.Create(location);
        tensor.Save(file);
    }

    /// <summary>Overwrites the elements with those saved, whose type and shape must be this tensor's; or passes over them.</summary>
    public static void Load(this Tensor tensor, BinaryReader reader, bool skip = false)
    {
        using var saved = TensorStream.Read(reader);
        if (skip)
            return;
        if (saved.dtype != tensor.dtype || !saved.shape.AsSpan().SequenceEqual(tensor.shape))
            throw new ArgumentException($"a saved tensor {saved} cannot be loaded into {tensor}");
        using var _ = no_grad();
        tensor.copy_(saved);
    }

    /// <summary>As the other form, and makes the tensor where there is none.</summary>
    public static void Load(ref Tensor tensor, BinaryReader reader, bool skip = false)
    {
        if (tensor is null)
            tensor = TensorStream.Read(reader);
        else
            tensor.Load(reader, skip);
    }
}

public static partial class torch
{
    public static void save(Tensor t, string location) => t.Save(location);

    public static Tensor load(string location) => Tensor.load(location);

    public partial class Tensor
    {
        public void save(string location) => this.Save(location);

        public static Tensor load(string location) => Load(location);

        public static Tensor Load(string location)
        {
            using var file = File.OpenRead(location);
            return Load(file);
        }

        public static Tensor Load(Stream stream)
        {
            using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
            return Load(reader);
        }

        public static Tensor Load(BinaryReader reader) => TensorStream.Read(reader);
    }
}
