using System.Text;
using Sample.Model.Checkpoint;
using TorchSharp;
using static TorchSharp.torch;

namespace Sample.Tests.Checkpoint;

public sealed class SafeTensorsFileTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    public void What_is_written_is_read(ScalarType type)
    {
        using var value = arange(24).view(2, 3, 4).to_type(type);
        SafeTensorsFile.Write(path, [("a.weight", value)], new Dictionary<string, string> { ["note"] = "größer" });

        var file = SafeTensorsFile.Open(path);
        using var read = zeros([2, 3, 4], type);
        file.Load("a.weight", read);

        Assert.Equal(value.bytes.ToArray(), read.bytes.ToArray());
        Assert.Equal("größer", file.Metadata["note"]);
        Assert.Equal([2L, 3, 4], file.ShapeOf("a.weight"));
        Assert.Null(file.ShapeOf("b.weight"));
    }

    [Fact]
    public void A_transposed_tensor_is_written_row_by_row()
    {
        using var value = arange(6, ScalarType.Float32).view(2, 3).transpose(0, 1);
        SafeTensorsFile.Write(path, [("a", value)], new Dictionary<string, string>());

        using var read = zeros([3, 2]);
        SafeTensorsFile.Open(path).Load("a", read);

        Assert.Equal([0f, 3, 1, 4, 2, 5], read.data<float>().ToArray());
    }

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        using var value = tensor(new[] { 1f, 2f });
        SafeTensorsFile.Write(path, [("a", value)], new Dictionary<string, string>());

        var bytes = File.ReadAllBytes(path);
        var headerLength = (int)BitConverter.ToInt64(bytes);
        var header = Encoding.UTF8.GetString(bytes, 8, headerLength).TrimEnd();

        Assert.Equal("""{"__metadata__":{},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", header);
        Assert.Equal(0, headerLength % 8);
        Assert.Equal([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40], bytes[(8 + headerLength)..]);
    }

    [Fact]
    public void Another_shape_or_element_type_is_refused()
    {
        using var value = zeros(2, 3);
        SafeTensorsFile.Write(path, [("a", value)], new Dictionary<string, string>());
        var file = SafeTensorsFile.Open(path);
        using var transposed = zeros(3, 2);
        using var longer = zeros(2, 3, dtype: ScalarType.Float64);

        Assert.Contains("[2, 3]", Assert.Throws<CheckpointException>(() => file.Load("a", transposed)).Message);
        Assert.Contains("Float64", Assert.Throws<CheckpointException>(() => file.Load("a", longer)).Message);
        Assert.Contains("no b", Assert.Throws<CheckpointException>(() => file.Load("b", value)).Message);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        using var value = zeros(2, 3);
        SafeTensorsFile.Write(path, [("a", value)], new Dictionary<string, string>());
        var whole = File.ReadAllBytes(path);

        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Throws<CheckpointException>(() => SafeTensorsFile.Open(path));
        }
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"dtype":"F9","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"a":{"shape":[2]}}""")]
    [InlineData("""{"a":7}""")]
    [InlineData("""[]""")]
    [InlineData("""{""")]
    public void A_header_that_contradicts_itself_is_refused(string header)
    {
        var text = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[8]]);

        Assert.Throws<CheckpointException>(() => SafeTensorsFile.Open(path));
    }
}
