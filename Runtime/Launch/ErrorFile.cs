using System.Text.Json;

namespace GShard;

/// <summary>The file in which torchrun expects to find why a process has failed (<c>TORCHELASTIC_ERROR_FILE</c>); the earliest of all ranks is shown as the cause.</summary>
internal static class ErrorFile
{
    /// <summary>Writes the error unless one is written already; nothing where no file is asked for or it cannot be written.</summary>
    public static void Write(string message, string stack)
    {
        if (Environment.GetEnvironmentVariable("TORCHELASTIC_ERROR_FILE") is not { Length: > 0 } path || File.Exists(path)) return;
        try
        {
            File.WriteAllText(path, Json(message, stack, DateTimeOffset.UtcNow));
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
