namespace GShard.Torch.Tests.Api;

/// <summary>Reference data that is not part of the repository.</summary>
internal static class SharedFolder
{
    internal static string? Find()
    {
        var folder = Environment.GetEnvironmentVariable("GSHARD_SHARED") ?? BesideRepository();
        return folder is not null && Directory.Exists(folder) ? folder : null;
    }

    internal static string Require() =>
        Find() ?? throw new DirectoryNotFoundException("The folder `shared` is missing: put it beside the repository or name it by GSHARD_SHARED.");

    private static string? BesideRepository()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "GShard.Codegen.sln")))
                return Path.Combine(directory.FullName, "..", "shared");
        return null;
    }
}
