using System.Text;
using static TorchSharp.torch;

namespace GShard.Runtime.Tests;

/// <summary>A damaged file is an error or right data: never a crash, never memory that the file does not account for.</summary>
public class Mutated_safetensors_files
{
    private const int Files = 100_000;

    /// <summary>
    /// Managed bytes that opening may take besides the file's length: handles, the arrays' own headers, an exception with its message, path and trace.
    /// </summary>
    private const int OpeningBytes = 16_384;

    /// <summary>Managed bytes that a tensor may take besides its elements, its shape and its name: the handle and its finalizer's bookkeeping.</summary>
    private const int TensorBytes = 1_024;

    private static readonly string[] Numbers =
        ["0", "1", "-1", "7", "8", "9", "63", "1e3", "1.5", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1152921504606846976", "99999999999999999999999"];

    private static readonly string[] Fragments =
        ["\"a\":", "\"dtype\":", "\"shape\":", "\"data_offsets\":", "\"F32\"", "\"I64\"", "\"BOOL\"", "\"F8\"", "{", "}", "[", "]", ",", ":", "\"", "[[[[[[[[", "null", "true", "\\u0000", "\\ud800", "\\u0061", "\u00fc", "\"__metadata__\":{\"k\":\"\\udc00\"},", "\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],", "\"__metadata__\":{", " "];

    /// <summary>What the first call of all sets up is no file's doing.</summary>
    static Mutated_safetensors_files()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["whole"], Seeds()[1]);
        SafeTensors.Load(folder["whole"]);
        File.WriteAllBytes(folder["damaged"], MinimalSafeTensors.Write("{\"a\":{\"dtype\":\"x", 0));
        Assert.Throws<CheckpointException>(() => SafeTensors.Load(folder["damaged"]));
    }

    [Fact]
    public void Are_refused_or_read_right()
    {
        var seeds = Seeds();
        var random = new System.Random(4);
        // A file system in memory where there is one: a hundred thousand files are no work for a disk.
        var folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"gshard-{Guid.NewGuid():N}"));
        var path = Path.Combine(folder.FullName, "mutated.safetensors");
        var (read, refused) = (0, 0);
        try
        {
            for (var i = 0; i < Files; i++)
            {
                var bytes = Mutate(seeds, i % seeds.Length, random);
                File.WriteAllBytes(path, bytes);
                if (Holds(path, bytes)) read++;
                else refused++;
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        Assert.Equal(Files, read + refused);
        // Both happen often, or the mutations would be no test.
        Assert.True(read > Files / 50 && refused > Files / 3, $"{read} were read and {refused} refused");
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(99_999_999)]
    [InlineData(1L << 40)]
    [InlineData(-1)]
    public void A_giant_header_is_refused_before_it_is_read(long length)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = [.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes("{}")];
        File.WriteAllBytes(folder["giant"], bytes);
        Assert.False(Holds(folder["giant"], bytes));
    }

    [Fact]
    public void Giant_shapes_take_no_memory()
    {
        using var folder = new TemporaryFolder();
        foreach (var shape in (string[])["[1152921504606846976]", "[4294967296,4294967296]", "[0,9223372036854775807]", "[9223372036854775807,0,9223372036854775807]"])
        {
            var bytes = MinimalSafeTensors.Write("{\"a\":{\"dtype\":\"U8\",\"shape\":" + shape + ",\"data_offsets\":[0,0]}}", 0);
            File.WriteAllBytes(folder["giant"], bytes);
            Holds(folder["giant"], bytes);
        }
    }

    /// <summary>
    /// A header of empty tensors only is all text: nothing else in the file could pay for what is held of it.
    /// </summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(200, false)]
    [InlineData(200, true)]
    public void A_header_takes_no_more_than_its_length(int nameLength, bool isEscaped)
    {
        using var folder = new TemporaryFolder();
        var names = Enumerable.Range(0, 20_000).Select(i => (isEscaped ? string.Concat(Enumerable.Repeat("\\u00fc", nameLength)) : new string('n', nameLength)) + i);
        var tensors = names.Select(name => $"\"{name}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        var bytes = MinimalSafeTensors.Write($"{{{string.Join(',', tensors)}}}", 0);
        File.WriteAllBytes(folder["small"], MinimalSafeTensors.Write("{}", 0));
        File.WriteAllBytes(folder["names"], bytes);
        using (new SafeTensorsReader(folder["small"]))
        {
        }
        var (held, taken) = (GC.GetTotalMemory(forceFullCollection: true), GC.GetAllocatedBytesForCurrentThread());
        using var reader = new SafeTensorsReader(folder["names"]);
        taken = GC.GetAllocatedBytesForCurrentThread() - taken;
        held = GC.GetTotalMemory(forceFullCollection: true) - held;
        Assert.True(taken <= bytes.Length + OpeningBytes, $"opening a file of {bytes.Length} bytes took {taken}");
        // Other tests' threads hold and let go at the same time.
        Assert.True(held <= bytes.Length + (1 << 20), $"{held} bytes are held of a file of {bytes.Length}");
        Assert.Equal(20_000, reader.Entries.Select(entry => entry.Name).Distinct().Count());
        Assert.Equal(isEscaped ? new string('ü', nameLength) + "0" : new string('n', nameLength) + "0", reader.Entries.First().Name);
    }

    /// <summary>Whether the file is read; then each tensor's bytes are those of the file at the place that its header states.</summary>
    private static bool Holds(string path, byte[] bytes)
    {
        var tensorBytes = 0L;
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var reader = new SafeTensorsReader(path);
            CheckOpening(bytes, before);
            before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var entry in reader.Entries)
            {
                using var tensor = reader.Read(entry);
                var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(taken <= TensorBytes + (64 * entry.Shape.Length) + (2 * entry.Name.Length), $"reading '{entry.Name}' took {taken} bytes");
                Assert.Equal(entry.Shape, tensor.shape);
                var own = bytes.AsSpan(^(int)DataLength(bytes)..)[(int)entry.Begin..(int)entry.End];
                Assert.True(BytesOf(tensor).SequenceEqual(own), $"'{entry.Name}' was read wrong");
                tensorBytes += own.Length;
                before = GC.GetAllocatedBytesForCurrentThread();
            }
            Assert.Equal(DataLength(bytes), tensorBytes);
            foreach (var (key, value) in reader.Metadata) Assert.NotNull(key + value);
            return true;
        }
        catch (CheckpointException exception)
        {
            CheckOpening(bytes, before);
            Assert.Contains(path, exception.Message);
            return false;
        }
    }

    private static void CheckOpening(byte[] bytes, long before)
    {
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(taken <= OpeningBytes + bytes.Length, $"opening a file of {bytes.Length} bytes took {taken}: {Encoding.Latin1.GetString(bytes)}");
    }

    private static long DataLength(byte[] bytes) => bytes.Length - 8 - BitConverter.ToInt64(bytes);

    private static unsafe ReadOnlySpan<byte> BytesOf(Tensor tensor) =>
        new((void*)RawMemory.Pointer(tensor), (int)(tensor.numel() * ElementType.Size(tensor.dtype)));

    private static byte[][] Seeds()
    {
        using var folder = new TemporaryFolder();
        List<(string, Tensor)>[] contents =
        [
            [("x", Samples.Normal(1, [4, 4])), ("y", Samples.Integers(1, [3], ScalarType.Int32))],
            [("encoder.0.weight", Samples.Normal(2, [2, 3], ScalarType.Float32)), ("bias \"ü\"", Samples.Normal(3, [3], ScalarType.BFloat16)), ("n", Samples.Integers(4, [], ScalarType.Int64)), ("none", ones([0, 2]))],
            [("a", ones([1], ScalarType.Byte))],
            [.. Enumerable.Range(0, 12).Select(i => ($"state.{i}.exp_avg", Samples.Normal(i, [i % 3, 2], ScalarType.Float32)))],
        ];
        return [.. contents.Select((tensors, i) =>
        {
            SafeTensors.Save(folder[$"{i}"], tensors, i == 1 ? new Dictionary<string, string> { ["format"] = "pt", ["DCP_SHARDING_INFO"] = "{\"n\":{\"saved_offsets\":[]}}" } : null);
            return File.ReadAllBytes(folder[$"{i}"]);
        })];
    }

    private static byte[] Mutate(byte[][] seeds, int which, System.Random random)
    {
        var seed = seeds[which];
        var bytes = new List<byte>(seed);
        var header = 8 + (int)BitConverter.ToInt64(seed);
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            // Most changes to where they matter: the length and the header.
            var place = random.Next(10) == 0 ? random.Next(bytes.Count) : random.Next(Math.Min(header, bytes.Count));
            switch (random.Next(12))
            {
                case 0: bytes[place] = (byte)random.Next(256); break;
                case 1: bytes[place] ^= (byte)(1 << random.Next(8)); break;
                case 2: bytes.RemoveRange(place, Math.Min(random.Next(1, 12), bytes.Count - place)); break;
                case 3: bytes.RemoveRange(place, bytes.Count - place); break;
                case 4: bytes.InsertRange(place, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)])); break;
                case 5: ReplaceNumber(bytes, random); break;
                case 6: bytes.InsertRange(place, bytes.GetRange(place, Math.Min(random.Next(1, 80), bytes.Count - place))); break;
                case 8: Splice(bytes, seeds[random.Next(seeds.Length)], place, random); break;
                case 9: ExchangeTokens(bytes, random); break;
                case 10: bytes.InsertRange(place, Enumerable.Repeat((byte)(random.Next(2) == 0 ? '[' : 0xC3), random.Next(1, 100))); break;
                case 7: bytes.AddRange(new byte[random.Next(1, 40)]); break;
                default: bytes[Math.Min(random.Next(8), bytes.Count - 1)] = (byte)random.Next(256); break;
            }
            if (bytes.Count == 0) bytes.Add(0);
        }
        // Half of them with a length that fits, so that the damage behind it is met.
        if (bytes.Count > 8 && random.Next(4) > 0)
        {
            var length = BitConverter.GetBytes((long)(bytes.Count - 8 - (seed.Length - header)));
            for (var i = 0; i < 8; i++) bytes[i] = length[i];
        }
        return [.. bytes];
    }

    /// <summary>Goes on with another file from some place.</summary>
    private static void Splice(List<byte> bytes, byte[] other, int place, System.Random random)
    {
        bytes.RemoveRange(place, bytes.Count - place);
        bytes.AddRange(other.AsSpan(random.Next(other.Length)));
    }

    /// <summary>Exchanges two stretches of the header that end at commas: entries, numbers, fields of the same or of different tensors.</summary>
    private static void ExchangeTokens(List<byte> bytes, System.Random random)
    {
        var commas = Enumerable.Range(0, bytes.Count).Where(i => bytes[i] == ',').ToArray();
        if (commas.Length < 4) return;
        var first = random.Next(commas.Length - 3);
        var second = random.Next(first + 1, commas.Length - 1);
        var (a, b) = (bytes.GetRange(commas[first], commas[first + 1] - commas[first]), bytes.GetRange(commas[second], commas[second + 1] - commas[second]));
        bytes.RemoveRange(commas[second], b.Count);
        bytes.InsertRange(commas[second], a);
        bytes.RemoveRange(commas[first], a.Count);
        bytes.InsertRange(commas[first], b);
    }

    private static void ReplaceNumber(List<byte> bytes, System.Random random)
    {
        var digits = Enumerable.Range(8, Math.Max(0, bytes.Count - 8)).Where(i => char.IsAsciiDigit((char)bytes[i]) && !char.IsAsciiDigit((char)bytes[i - 1])).ToArray();
        if (digits.Length == 0) return;
        var start = digits[random.Next(digits.Length)];
        var end = start;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end])) end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Encoding.UTF8.GetBytes(Numbers[random.Next(Numbers.Length)]));
    }
}
