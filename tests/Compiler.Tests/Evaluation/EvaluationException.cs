namespace GShard.Compiler.Tests.Evaluation;

/// <summary>A program that cannot be executed, with the operation at which it stopped.</summary>
internal sealed class EvaluationException(string message, Exception inner) : Exception(message, inner);
