using System.Runtime.CompilerServices;

namespace GShard.Generator.Tests.Snapshots;

/// <summary>
/// Compares generated text with <c>NAME.verified.cs</c> beside this file. Where they differ, the test fails with the first difference and
/// leaves <c>NAME.received.cs</c> to look at; whoever finds it right renames it.
/// </summary>
internal static class Snapshot
{
    public static void Verify(string text, string name)
    {
        var verified = Path.Combine(Folder(), name + ".verified.cs");
        var received = Path.Combine(Folder(), name + ".received.cs");
        var expected = File.Exists(verified) ? File.ReadAllText(verified).Replace("\r\n", "\n") : "";
        if (text == expected)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, text);
        Assert.Fail($"{name}.verified.cs and {name}.received.cs differ.\n{Difference(expected, text)}");
    }

    private static string Difference(string expected, string actual)
    {
        var (old, now) = (expected.Split('\n'), actual.Split('\n'));
        var at = 0;
        while (at < old.Length && at < now.Length && old[at] == now[at]) at++;
        var (oldEnd, nowEnd) = (old.Length, now.Length);
        while (oldEnd > at && nowEnd > at && old[oldEnd - 1] == now[nowEnd - 1]) (oldEnd, nowEnd) = (oldEnd - 1, nowEnd - 1);
        var context = old.Skip(Math.Max(0, at - 3)).Take(Math.Min(3, at)).Select(l => "  " + l);
        var removed = old.Skip(at).Take(Math.Min(20, oldEnd - at)).Select(l => "- " + l);
        var added = now.Skip(at).Take(Math.Min(20, nowEnd - at)).Select(l => "+ " + l);
        return $"line {at + 1}:\n" + string.Join("\n", context.Concat(removed).Concat(added));
    }

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
