using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

public class Safetensors_files
{
    private static readonly ScalarType[] Dtypes =
        [ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool];

    [Fact]
    public void Round_trip_every_type_and_shape()
    {
        using var folder = new TemporaryFolder();
        var tensors = new List<(string, Tensor)>();
        foreach (var dtype in Dtypes)
            foreach (var shape in (long[][])[[], [0], [3], [2, 0, 4], [2, 3, 4]])
                tensors.Add(($"{dtype} [{string.Join(' ', shape)}] \"ü\"", Samples.Integers(1, shape, dtype)));
        SafeTensors.Save(folder["a.safetensors"], tensors, new Dictionary<string, string> { ["step"] = "12" });
        var loaded = SafeTensors.Load(folder["a.safetensors"]);
        Assert.Equal(tensors.Count, loaded.Count);
        foreach (var (name, tensor) in tensors) Samples.Same(tensor, loaded[name]);
        Assert.Equal("12", SafeTensors.Metadata(folder["a.safetensors"])["step"]);
        Assert.Equal(["a.safetensors"], folder.Files);
    }

    [Fact]
    public void Are_read_by_another_parser()
    {
        using var folder = new TemporaryFolder();
        using var x = Samples.Normal(1, [3, 4], ScalarType.Float32);
        using var transposed = x.t();
        SafeTensors.Save(folder["a"], [("x", x), ("x.t", transposed), ("ids", Samples.Integers(2, [5], ScalarType.Int64))]);
        var read = MinimalSafeTensors.Read(folder["a"]);
        Assert.Equal(("F32", "3 4"), (read["x"].Dtype, string.Join(' ', read["x"].Shape)));
        Assert.Equal(Samples.Doubles(x), MemoryMarshal.Cast<byte, float>(read["x"].Bytes).ToArray().Select(value => (double)value));
        Assert.Equal(Samples.Doubles(transposed), MemoryMarshal.Cast<byte, float>(read["x.t"].Bytes).ToArray().Select(value => (double)value));
        Assert.Equal(("I64", 40), (read["ids"].Dtype, read["ids"].Bytes.Length));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "two tensors named 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "12 bytes of data, but its tensors only 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "at byte 4 where 0 is expected")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "without gaps or overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "of 12 bytes at the range 0 to 8, which has 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "which has -8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "lacks a proper dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", 8, "too many elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "too many elements")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", 8, "has a bad header")]
    [InlineData("""{"__metadata__":[],"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "__metadata__ is not an object")]
    [InlineData("""{"__metadata__":{},"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "it has __metadata__ twice")]
    [InlineData("""{"__metadata__":{"k":"\ud800 \udc00"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "its __metadata__ is no Unicode text")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}""", 8, "tensor 'a' has shape twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", 8, "two tensors named 'a'")]
    [InlineData("""{"\udc00":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "has a bad header")]
    [InlineData("""{"a":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", 8, "element type F8_E4M3, which cannot be read")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "lacks a proper dtype, shape or data_offsets")]
    [InlineData("""{"a":7}""", 8, "lacks a proper dtype, shape or data_offsets")]
    [InlineData("""[1,2,3]""", 8, "not a JSON object")]
    [InlineData("""{"a":""", 8, "has a bad header")]
    public void Damaged_files_are_refused_with_the_reason(string header, int dataBytes, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["bad"], MinimalSafeTensors.Write(header, dataBytes));
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => SafeTensors.Load(folder["bad"])).Message);
    }

    [Fact]
    public void Escapes_in_names_and_metadata_are_read()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["a"], MinimalSafeTensors.Write("""{"__metadata__":{"k\n":"\ud83d\ude00 \"","n":[1, 2]},"\u00fc\ud83d\ude00\/":{"data_offsets":[0,2],"shape":[2],"dtype":"\u0055\u0038"}}""", 2));
        Assert.Equal(["ü😀/"], SafeTensors.Load(folder["a"]).Keys);
        Assert.Equal([("k\n", "😀 \""), ("n", "[1, 2]")], SafeTensors.Metadata(folder["a"]).Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void A_long_name_is_clipped_in_errors()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["bad"], MinimalSafeTensors.Write($"{{\"{new string('n', 100_000)}\":7}}", 0));
        Assert.InRange(Assert.Throws<CheckpointException>(() => SafeTensors.Load(folder["bad"])).Message.Length, 100, 400);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<CheckpointException>(() => SafeTensors.Load("/no/such/file"));
        Assert.Contains("'/no/such/file' cannot be read", error.Message);
    }

    [Fact]
    public void A_failed_save_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        SafeTensors.Save(folder["a"], [("x", ones([2]))]);
        Assert.Throws<CheckpointException>(() => SafeTensors.Save(folder["a"], [("x", ones([2])), ("x", ones([2]))]));
        Assert.Throws<NotSupportedException>(() => SafeTensors.Save(folder["a"], [("z", ones([2], ScalarType.ComplexFloat32))]));
        Assert.Single(SafeTensors.Load(folder["a"]));
        Assert.Equal(["a"], folder.Files);
    }
}
