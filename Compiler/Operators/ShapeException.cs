namespace GShard.Compiler.Operators;

/// <summary>Shapes that do not agree. The message is a sentence for the model's author.</summary>
public sealed class ShapeException(string message) : Exception(message);
