using System.Text;

namespace GShard.Torch.Tests.Api;

/// <summary>The oracle is the list of TorchSharp's public signatures, made by reflection over its own assembly.</summary>
public sealed class TorchSharpSignatureTests
{
    [SharedFolderFact]
    public void Every_public_member_in_TorchSharps_namespaces_is_one_of_TorchSharps()
    {
        var listed = new ListedSignatures(File.ReadLines(Path.Combine(SharedFolder.Require(), "torchsharp-api", "signatures.txt")));
        var printer = new SignaturePrinter(listed);
        var mismatches = new StringBuilder();
        var count = 0;
        var known = 0;
        foreach (var type in typeof(torch).Assembly.GetTypes().Where(Offered).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            var header = printer.Header(type);
            if (!listed.HasType(header))
            {
                mismatches.AppendLine($"{type.FullName}: TorchSharp has no such type; what is our own belongs in the namespace GShard.Torch.");
                count++;
                continue;
            }

            foreach (var (name, signature) in printer.Members(type))
            {
                if (listed.Has(header, signature))
                {
                    known++;
                    continue;
                }
                mismatches.AppendLine($"{header} :: {signature}\n    nearest: {listed.Nearest(header, name, signature)}");
                count++;
            }
        }

        Assert.InRange(known, 1_000, int.MaxValue);
        Assert.True(count == 0, $"{count} members are not TorchSharp's:\n{mismatches}");
    }

    [SharedFolderFact]
    public void Every_type_is_of_the_kind_it_has_in_TorchSharp()
    {
        var lines = File.ReadLines(Path.Combine(SharedFolder.Require(), "torchsharp-api", "signatures.txt")).ToList();
        var printer = new SignaturePrinter(new ListedSignatures(lines));
        var different = typeof(torch).Assembly.GetTypes().Where(Offered)
            .Where(type => !lines.Any(line => line.StartsWith($"{printer.Header(type)} :: {SignaturePrinter.Kind(type)}", StringComparison.Ordinal)))
            .Select(type => $"{type.FullName} is `{SignaturePrinter.Kind(type)}`");
        Assert.Empty(different);
    }

    private static bool Offered(Type type)
    {
        if (type.Namespace?.StartsWith("TorchSharp", StringComparison.Ordinal) != true) return false;
        for (var outer = type; outer is not null; outer = outer.DeclaringType)
            if (!(outer.IsPublic || outer.IsNestedPublic || outer.IsNestedFamily || outer.IsNestedFamORAssem)) return false;
        return true;
    }
}
