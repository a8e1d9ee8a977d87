using GShard.Compiler.IR;
using GShard.Compiler.Tests.Evaluation;
using GShard.Compiler.Text;

namespace GShard.Compiler.Tests.Programs;

/// <summary>
/// The traps of sharded programs (docs: operator rules), each with a program that goes wrong when the trap is sprung. Held against the plain
/// program forward and backward, on two and on three ranks. Random numbers at run time, gradient clipping and Adafactor are traps of the
/// runtime and have their tests there; operations in place and conditions on tensors are refused by the reader, whose tests have them.
/// </summary>
public sealed class TrapTests
{
    private static readonly Dictionary<string, long> Sizes = new() { ["B"] = 5, ["T"] = 3, ["K"] = 7, ["N"] = 2, ["V"] = 5 };

    [Fact]
    public void Trap_1_a_nonlinear_operator_takes_no_partial_sum() => Check(
        """
        mesh d
        func forward(x: float[B,K@d], weight w: float[K@d,N]) {
          sum: float[B,N]? = matmul(x, w)
          y: float[B,N]? = relu(sum)
          return y
        }
        """, "all_reduce", "");

    [Fact]
    public void Trap_2_a_replicated_cotangent_is_not_reduced_and_a_varying_one_is()
    {
        // The result's cotangent is the same on every rank: reduced again, gradients would be W times too large.
        Check(
            """
            mesh d
            func forward(x: float[B,K@d], weight w: float[K@d,N]) {
              y: float[B,N]? = matmul(x, w)
              return y
            }
            """, "all_reduce", "");
        // The cotangent of what every rank uses for its own columns differs from rank to rank.
        Check(
            """
            mesh d
            func forward(x: float[B,K], weight w: float[K,N@d]) {
              y: float[B,N@d] = matmul(x, w)
              return y
            }
            """, "", "all_reduce");
    }

    [Fact]
    public void Trap_3_a_bias_is_added_once_and_not_by_every_rank() => Check(
        """
        mesh d
        func forward(x: float[B,K@d], weight w: float[N,K@d], weight b: float[N], image: float[B,K@d,T], weight kernel: float[N,K@d,2]) {
          y: float[B,N]? = linear_bias(x, w, b)
          z: float[B,N,T-1]? = conv1d(image, kernel, b)
          return y, z
        }
        """);

    [Fact]
    public void Trap_4_a_mean_over_uneven_shards_is_a_sum_over_the_global_count() => Check(
        """
        mesh d
        func forward(x: float[B@d,N]) {
          y: float[]? = mean(x)
          z: float[N]? = mean[dims=[0]](x)
          return y, z
        }
        """, "all_reduce", "");

    [Fact]
    public void Trap_5_a_loss_counts_once_and_its_mean_is_over_the_rows_that_count_on_all_ranks() => Check(
        """
        mesh d
        func forward(x: float[B@d,V], targets: i64[B@d], weight w: float[V,V]) {
          logits: float[B,V]? = matmul(x, w)
          rows: float[B]? = cross_entropy[ignore_index=2](logits, targets)
          total: float[]? = sum(rows)
          counts: bool[B]? = ne_scalar[value=`2`](targets)
          count: i64[]? = sum(counts)
          loss: float[]? = div(total, count)
          return loss
        }
        """);

    [Fact]
    public void Trap_6_an_average_a_maximum_and_a_sum_over_split_rows_are_each_completed_by_their_own_reduction()
    {
        Check(
            """
            mesh d
            func forward(x: float[B@d,N]) {
              average: float[N]? = mean[dims=[0]](x)
              sum: float[N]? = sum[dims=[0]](x)
              both: float[N]? = add(average, sum)
              return both
            }
            """, "all_reduce", "");
        Check(
            """
            mesh d
            func forward(x: float[B@d,N]) {
              largest: float[N]? = amax[dims=[0]](x)
              return largest
            }
            """);
    }

    [Fact]
    public void Trap_7_a_label_that_stands_twice_in_an_operand_is_not_split() => Check(
        """
        mesh d
        func forward(x: float[K@d,K], y: float[K@d,N]) {
          trace: float[]? = einsum["ii->"](x)
          diagonal: float[K]? = einsum["ii->i"](x)
          z: float[N]? = einsum["ii,ij->j"](x, y)
          return trace, diagonal, z
        }
        """);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Trap_8_shards_draw_the_numbers_of_the_whole_replicas_the_same_and_turns_of_a_loop_others(int ranks)
    {
        Check(
            """
            mesh d
            func forward(x: float[B@d,N], y: float[K,N]) {
              k: !key = next_key()
              shards: float[B,N]? = dropout[p=`0.5`, training=`true`](x, k)
              l: !key = next_key()
              replicas: float[K,N]? = dropout[p=`0.5`, training=`true`](y, l)
              return shards, replicas
            }
            """, "", "", ranks);
        var loop = Parser.Parse("""
            mesh d
            func forward(x: float[B@d,N]) {
              y: float[B,N]? = foreach[layers, item=layer](x) { |h: float[B,N]?|
                k: !key = next_key()
                z: float[B,N]? = dropout[p=`0.5`, training=`true`](h, k)
                yield z
              }
              return y
            }
            """);
        var module = new SimulatedModule();
        module.Lists["layers"] = [new(), new(), new()];
        var program = ShardingCompiler.Compile(loop);
        var ones = NdArray.Fill([ranks * 2, 8], _ => 1);
        var pieces = Enumerable.Range(0, ranks).Select(r => new object?[] { Collectives.Chunk(ones, 0, ranks, r) }).ToArray();
        var parts = new MultiRankEvaluator([("d", ranks)], module).Run(program.Forward, pieces).Select(r => (NdArray)r[0]!).ToList();
        // Three dropouts of a half leave an eighth, eight times as large; the same mask three times would leave a half.
        Assert.InRange(parts.Sum(p => p.Data.Count(v => v != 0)), 0, ones.Data.Length / 3);
        Assert.NotEqual(parts[0].Data, parts[1].Data);
    }

    [Fact]
    public void Trap_9_a_partial_sum_is_reduced_before_a_cast_that_loses_bits_and_may_pass_one_that_does_not()
    {
        string[] Lines(string text, Func<ShardedProgram, Function> part) =>
            [.. part(ShardingCompiler.Compile(Parser.Parse(text))).Body.Operations.Where(o => o.Name is "all_reduce" or "to").Select(o => o.Name == "to" ? $"to {o.Attributes.NameText}" : $"all_reduce {o.Operands[0].Tensor.Element.Text()}")];
        Assert.Equal(["all_reduce f32", "to bf16"], Lines(
            """
            mesh d
            func forward(x: f32[B,K@d], weight w: f32[K@d,N]) {
              y: f32[B,N]? = matmul(x, w)
              z: bf16[B,N]? = to[bf16](y)
              return z
            }
            """, p => p.Forward));
        // The sum of bf16 parts is taken in single precision where the program widens it.
        Assert.Equal(["to f32", "all_reduce f32"], Lines(
            """
            mesh d
            func forward(x: bf16[B,K@d], weight w: bf16[K@d,N]) {
              y: bf16[B,N]? = matmul(x, w)
              z: f32[B,N]? = to[f32](y)
              return z
            }
            """, p => p.Forward));
        // The adjoint of a widening narrows: the gradient is summed in f32 before it is rounded.
        Assert.Equal(["all_reduce f32", "to bf16"], Lines(
            """
            mesh d
            func forward(x: bf16[B,K], w: f32[K,N@d]) {
              wide: f32[B,K]? = to[f32](x)
              y: f32[B,N@d] = matmul(wide, w)
              return y
            }
            """, p => p.Backward!));
    }

    [Fact]
    public void Trap_10_filling_padding_and_dividing_are_linear_only_with_zero_and_only_above_the_bar() => Check(
        """
        mesh d
        func forward(x: float[B,K@d], w: float[K@d,N], mask: bool[B,N]) {
          sum: float[B,N]? = matmul(x, w)
          filled: float[B,N]? = masked_fill[value=`-3`](sum, mask)
          padded: float[B,N+2]? = pad[pad=[1,1], value=`2`](sum)
          square: float[B,N]? = square(sum)
          positive: float[B,N]? = add_scalar[value=`1`](square)
          over: float[B,N]? = rdiv_scalar[value=`2`](positive)
          share: float[B,N]? = div(sum, positive)
          return filled, padded, over, share
        }
        """);

    [Fact]
    public void Trap_13_indices_into_a_split_dim_are_global() => Check(
        """
        mesh d
        func forward(ids: i64[B], weight table: float[V@d,N], x: float[K,V@d]) {
          rows: float[B,N]? = embedding(table, ids)
          columns: float[K,B]? = index_select[dim=1](x, ids)
          last: float[K]? = select[dim=1, index=-1](x)
          return rows, columns, last
        }
        """);

    [Fact]
    public void Trap_14_collectives_stand_under_conditions_that_are_the_same_on_every_rank() => Check(
        """
        mesh d
        host deep
        func forward(x: float[B@d,N], w: float[N,N]) {
          y: float[N]? = if[condition=`deep > 1`]() {
            sum: float[N]? = sum[dims=[0]](x)
            yield sum
          } {
            largest: float[N]? = amax[dims=[0]](x)
            yield largest
          }
          z: float[N]? = matmul(y, w)
          return z
        }
        """);

    [Fact]
    public void Trap_15_uneven_chunks_nest_and_pass_no_reshape_by_elements()
    {
        const string text = """
            mesh a, b
            func forward(x: float[B@a@b,T], weight w: float[T,N]) {
              flat: float[B*T]? = reshape[shape=[B*T]](x)
              twice: float[B*T]? = mul_scalar[value=`2`](flat)
              rows: float[B,T]? = reshape[shape=[B, T]](twice)
              y: float[B,N]? = matmul(rows, w)
              return y
            }
            """;
        foreach (var (a, b) in new[] { (2, 2), (2, 3), (3, 2) }) ProgramCheck.Run(text, [("a", a), ("b", b)], new(Sizes) { ["B"] = 10 });
        // Ten over two by two: 3 2 3 2.
        Assert.Equal([3, 2, 3, 2], Enumerable.Range(0, 4).Select(r => ChunkRule.Of(ChunkRule.Of(10, 2, r / 2).Size, 2, r % 2).Size));
    }

    [Fact]
    public void Trap_16_among_equals_the_lowest_global_index_comes_first() => Check(
        """
        mesh d
        func forward(x: float[B,K@d]) {
          tripled: float[B,K]? = mul_scalar[value=`1.4`](x)
          ties: float[B,K]? = round(tripled)
          index: i64[B]? = argmax[dim=1](ties)
          largest: float[B]?, at: i64[B]? = max_dim[dim=1](ties)
          sorted: float[B,K]?, order: i64[B,K]? = sort[dim=1](ties)
          return index, at, order
        }
        """);

    private static void Check(string text, string? forward = null, string? backward = null, params int[] ranks)
    {
        foreach (var count in ranks.Length > 0 ? ranks : [2, 3])
        {
            var (there, back) = ProgramCheck.Run(text, [("d", count)], Sizes, new() { ["deep"] = 2 }, seed: 3);
            if (forward is not null) Assert.Equal((forward, backward), (string.Join(" ", there), string.Join(" ", back)));
        }
    }
}
