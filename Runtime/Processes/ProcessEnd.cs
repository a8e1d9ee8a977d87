using System.Runtime.InteropServices;

namespace GShard;

/// <summary>
/// Ends a process whose thread may be inside native code that never returns: without finalizers, exit handlers or anything else that could
/// wait.
/// </summary>
internal static partial class ProcessEnd
{
    private const int Failed = 1;
    private static int isScheduled;

    /// <summary>Ends the process with exit code 1 if it is still there after a time, and says why. Once for all.</summary>
    public static void After(TimeSpan grace, string message, bool isCause)
    {
        if (Interlocked.Exchange(ref isScheduled, 1) != 0) return;
        new Thread(() =>
        {
            Thread.Sleep(grace);
            Console.Error.WriteLine(message);
            Console.Error.Flush();
            ErrorFile.Write(message, "", isCause);
            Exit(Failed);
        })
        { Name = "GShard end of the process", IsBackground = true }.Start();
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
