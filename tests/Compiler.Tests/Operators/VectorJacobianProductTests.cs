using System.Collections.Immutable;
using GShard.Compiler.IR;
using GShard.Compiler.Operators;
using GShard.Compiler.Shardings;
using GShard.Compiler.Tests.Evaluation;

namespace GShard.Compiler.Tests.Operators;

/// <summary>Every vector-Jacobian product against central finite differences in double precision.</summary>
public sealed class VectorJacobianProductTests
{
    private const double Step = 1e-5;

    public static TheoryData<string> Samples => [.. OperatorSamples.All.Where(HasGradient).Select(s => s.ToString())];

    private static readonly Dictionary<string, OperatorSample> ByText = OperatorSamples.All.ToDictionary(s => s.ToString());

    [Theory]
    [MemberData(nameof(Samples))]
    public void The_vector_jacobian_product_agrees_with_finite_differences(string text)
    {
        var sample = ByText[text];
        var operation = sample.Operation;
        var definition = OperatorTable.Get(sample.Name);
        var random = new Random(5);
        var inputs = SampleValues.Draw(sample);
        var results = Evaluator.Run(sample.Program, inputs);
        ImmutableArray<Value?> cotangents =
            [.. operation.Results.Select((r, i) => r.IsDifferentiable && !definition.NotDifferentiable.Contains(i) ? new Value("d" + r.Name, r.Type) : null)];
        object?[] seeds = [.. cotangents.Select((c, i) => c is null ? null : SampleValues.Reals(((NdArray)results[i]!).Shape, random))];

        var builder = new RecordingBuilder();
        var products = definition.Vjp!(new VjpContext(operation, cotangents, builder));
        Assert.Equal(operation.Operands.Length, products.Length);
        var program = new Function(
            "vjp", Mesh.Empty, [],
            [.. operation.Operands.Concat(cotangents.OfType<Value>()).Select(v => new Parameter(v, ParameterKind.Argument))],
            new Block([], [operation, .. builder.Operations], [.. products.OfType<Value>()]));
        var gradients = new Queue<object?>(Evaluator.Run(program, [.. inputs, .. seeds.Where(s => s is not null)]));

        for (var i = 0; i < operation.Operands.Length; i++)
        {
            if (!operation.Operands[i].IsDifferentiable || sample.IsConstant(i))
            {
                Assert.Null(products[i]);
                continue;
            }

            var expected = Differences(sample, inputs, seeds, i);
            var actual = products[i] is null ? NdArray.Zeros(expected.Shape) : (NdArray)gradients.Dequeue()!;
            if (sample.Name != "detach") Close.Assert(expected, actual, 1e-6, $"cotangent of operand {i}");
            else Assert.Null(products[i]);
            if (products[i] is { } product) Assert.Equal(operation.Operands[i].Tensor.Dims.AsEnumerable(), product.Tensor.Dims);
            if (products[i] is { } typed) Assert.Equal(operation.Operands[i].Tensor.Element, typed.Tensor.Element);
        }
    }

    private static bool HasGradient(OperatorSample sample) =>
        OperatorTable.Get(sample.Name).Vjp is not null && sample.Operation.Operands.Any(o => o.IsDifferentiable) && sample.Operation.Results[0].IsDifferentiable;

    private static NdArray Differences(OperatorSample sample, object?[] inputs, object?[] seeds, int operand)
    {
        var x = (NdArray)inputs[operand]!;
        double Loss(int element, double change)
        {
            var data = (double[])x.Data.Clone();
            data[element] += change;
            var results = Evaluator.Run(sample.Program, [.. inputs.Select((v, i) => i == operand ? new NdArray(x.Shape, data) : v)]);
            return results.Zip(seeds).Where(p => p.Second is not null).Sum(p => ((NdArray)p.First!).Data.Zip(((NdArray)p.Second!).Data, (y, d) => y * d).Sum());
        }

        return new NdArray(x.Shape, [.. Enumerable.Range(0, x.Data.Length).Select(e => (Loss(e, Step) - Loss(e, -Step)) / (2 * Step))]);
    }
}
