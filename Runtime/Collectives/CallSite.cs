using System.Diagnostics;

namespace GShard;

/// <summary>Where in the program a collective is called. It is found out when an error is made.</summary>
internal static class CallSite
{
    // Who started the collective that this thread runs.
    [ThreadStatic]
    private static StackTrace? starter;

    /// <summary>
    /// The place on this thread's stack that is nearest and not the runtime's own. In a model it is the line of the source that the generated
    /// code comes from, and the line of the outermost model that calls it: <c>Attention.forward, for einsum (Attention.cs:30), from
    /// Decoder.forward, in layer.forward (Decoder.cs:22)</c>. Elsewhere it is the member, with its line where symbols tell it.
    /// </summary>
    public static string Current() => Find(starter ?? Capture(), ofModels: false) ?? "outside the program";

    /// <summary>This thread's stack, for a collective that another thread will run.</summary>
    public static StackTrace Capture() => new(1, fNeedFileInfo: true);

    /// <summary>Takes collectives of this thread for those of another, until disposed.</summary>
    public static Behalf OnBehalfOf(StackTrace stack)
    {
        starter = stack;
        return default;
    }

    /// <summary>The place in a model that an exception comes from; null where it does not come from a model.</summary>
    public static string? Of(Exception exception) => Find(new StackTrace(exception, fNeedFileInfo: true), ofModels: true);

    private static string? Find(StackTrace trace, bool ofModels)
    {
        string? nearest = null, model = null, fallback = null;
        foreach (var frame in trace.GetFrames())
        {
            if (frame.GetMethod() is not { DeclaringType: { } type } method || type.Assembly == typeof(CallSite).Assembly) continue;
            if (SourceLines.Find(method, frame.GetFileLineNumber()) is { } place)
            {
                nearest ??= place;
                model = place;
                continue;
            }
            // What else a generated module has, the body of a local region, belongs to the method that calls it.
            if (ofModels) continue;
            if (SourceLines.AreOf(type)) fallback ??= Member(frame);
            else nearest ??= Member(frame);
        }
        nearest ??= fallback;
        return model is null || model == nearest ? nearest : $"{nearest}, from {model}";
    }

    private static string Member(StackFrame frame)
    {
        var method = frame.GetMethod()!;
        var type = method.DeclaringType!;
        while (type.Name.StartsWith('<') && type.DeclaringType is { } outer) type = outer;
        var line = frame.GetFileLineNumber();
        var place = line == 0 ? "" : $" ({Path.GetFileName(frame.GetFileName())}:{line})";
        return $"{type.FullName?.Replace('+', '.')}.{SourceLines.OuterName(method)}{place}";
    }

    /// <summary>The time of a collective that another thread has started; see <see cref="OnBehalfOf"/>.</summary>
    public readonly struct Behalf : IDisposable
    {
        /// <summary>Ends it.</summary>
        public void Dispose() => starter = null;
    }
}
