using TorchSharp.Modules;

namespace GShard.Benchmarks;

/// <summary>What is timed, on one rank.</summary>
internal interface ISubject : IDisposable
{
    IEnumerable<Parameter> Parameters { get; }

    /// <summary>Forward and backward; the gradients replace those before.</summary>
    void Step();
}
