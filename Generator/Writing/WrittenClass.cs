using System.Collections.Immutable;
using GShard.Compiler.IR;

namespace GShard.Generator.Writing;

/// <summary>The source of a sharded module, and where its statements come from.</summary>
/// <param name="Text">The source, in which no line number of the model's stands.</param>
/// <param name="Methods">Its methods that run programs.</param>
internal sealed record WrittenClass(string Text, ImmutableArray<WrittenMethod> Methods);

/// <summary>A method of a sharded module.</summary>
/// <param name="Name">Its name: <c>Backward</c>.</param>
/// <param name="Source">The model's method: <c>forward</c>.</param>
/// <param name="Statements">Its statements, in order.</param>
internal sealed record WrittenMethod(string Name, string Source, ImmutableArray<WrittenStatement> Statements);

/// <summary>Statements that were written for one operation.</summary>
/// <param name="Line">The first line, from 1 on.</param>
/// <param name="Origin">Where in the model the operation comes from.</param>
/// <param name="Purpose">What they are, for errors: <c>for einsum</c>.</param>
internal sealed record WrittenStatement(int Line, Origin Origin, string Purpose);
