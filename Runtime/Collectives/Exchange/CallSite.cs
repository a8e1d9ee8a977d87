using System.Diagnostics;

namespace GShard;

/// <summary>The member of the program that calls a collective.</summary>
internal static class CallSite
{
    /// <summary>The nearest member on this thread's stack that is not the runtime's own, as in <c>MoeFeedForward.Sharded.forward</c>, with its line where symbols tell it.</summary>
    public static string Current()
    {
        foreach (var frame in new StackTrace(1, fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { } type } method || type.Assembly == typeof(CallSite).Assembly) continue;
            var line = frame.GetFileLineNumber();
            var place = line == 0 ? "" : $" ({Path.GetFileName(frame.GetFileName())}:{line})";
            return $"{type.FullName?.Replace('+', '.')}.{method.Name}{place}";
        }
        return "outside the program";
    }
}
