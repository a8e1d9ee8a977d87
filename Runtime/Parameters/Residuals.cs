namespace GShard;

/// <summary>What the forwards of one method leave for their backwards, last in, first out.</summary>
/// <typeparam name="T">The record that one forward leaves.</typeparam>
/// <param name="module">The module's name, for the error of <see cref="Pop"/>.</param>
public sealed class Residuals<T>(string module = "")
{
    private readonly Stack<T> records = new();

    /// <summary>The number of forwards whose backward has not run.</summary>
    public int Count => records.Count;

    /// <summary>Keeps what a forward saved.</summary>
    public void Push(T record) => records.Push(record);

    /// <summary>Takes what the latest forward saved.</summary>
    /// <param name="method">The backward method's name, for the error.</param>
    /// <exception cref="InvalidOperationException">No forward is left.</exception>
    public T Pop(string method) => records.TryPop(out var record)
        ? record
        : throw new InvalidOperationException($"{(module.Length == 0 ? method : $"{module}.{method}")}: Backward without a matching forward in training mode; call train() and run forward with gradients enabled first.");

    /// <summary>Drops every record, disposing those that can be.</summary>
    public void Clear()
    {
        while (records.TryPop(out var record)) (record as IDisposable)?.Dispose();
    }
}
