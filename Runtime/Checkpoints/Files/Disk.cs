using System.Runtime.InteropServices;
using System.Text;

namespace GShard;

/// <summary>What survives a power cut: files and folder entries that are flushed to the disk.</summary>
internal static partial class Disk
{
    private const int ReadOnly = 0;

    /// <summary>Makes what was created, renamed or deleted in a folder last. On Windows the file system's journal does.</summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0) throw new IOException($"Folder '{path}' cannot be opened to flush it: error {Marshal.GetLastPInvokeError()}.");
        try
        {
            // Some network file systems know no flush of folders (EINVAL): their server keeps entries safe.
            const int invalid = 22;
            if (Flush(descriptor) != 0 && Marshal.GetLastPInvokeError() is var error && error != invalid)
                throw new IOException($"Folder '{path}' cannot be flushed to the disk: error {error}.");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Replaces a small file, whole or not at all.</summary>
    public static void Replace(string path, string text)
    {
        var temporary = path + ".tmp";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
