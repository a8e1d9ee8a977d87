using System.Text.Json;

namespace GShard;

/// <summary>The file in which torchrun expects to find why a process has failed (<c>TORCHELASTIC_ERROR_FILE</c>); the earliest of all ranks is shown as the cause.</summary>
internal static class ErrorFile
{
    // torchrun compares whole seconds, takes the first rank of equals, and gives a process without a file, as one that was killed, the time at
    // which it notices: up to its monitor interval later (5 s unless asked for otherwise). It does nothing else with the time but show it.
    private static readonly TimeSpan BehindTheCause = TimeSpan.FromMinutes(1);

    /// <summary>Writes the error unless one is written already; nothing where no file is asked for or it cannot be written.</summary>
    /// <param name="message">What has happened.</param>
    /// <param name="stack">Where.</param>
    /// <param name="isCause">Whether this rank is at fault; one that another has ended is given a time behind that one's.</param>
    public static void Write(string message, string stack, bool isCause)
    {
        if (Environment.GetEnvironmentVariable("TORCHELASTIC_ERROR_FILE") is not { Length: > 0 } path || File.Exists(path)) return;
        try
        {
            File.WriteAllText(path, Json(message, stack, DateTimeOffset.UtcNow + (isCause ? TimeSpan.Zero : BehindTheCause)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"GShard: the error file {path} cannot be written: {e.Message}");
        }
    }

    internal static string Json(string message, string stack, DateTimeOffset time) => JsonSerializer.Serialize(new
    {
        message = new
        {
            message,
            extraInfo = new { py_callstack = stack, timestamp = time.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture) },
        },
    });
}
