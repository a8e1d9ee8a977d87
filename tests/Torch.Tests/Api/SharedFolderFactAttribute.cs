namespace GShard.Torch.Tests.Api;

/// <summary>A fact that reads the folder `shared` beside the repository: skipped where there is none, a failure on CI.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedFolderFactAttribute : FactAttribute
{
    public SharedFolderFactAttribute()
    {
        if (SharedFolder.Find() is null && Environment.GetEnvironmentVariable("CI") != "true")
            Skip = "There is no folder `shared` beside the repository, and GSHARD_SHARED names none.";
    }
}
