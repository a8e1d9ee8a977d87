using GShard.Generator.Writing;

namespace GShard.Generator.Tests.Writing;

public class BlockWriterTests
{
    [Fact]
    public void A_collective_is_a_call_on_its_axis_under_a_comment_that_says_what_changes_and_how_many_bytes()
    {
        var source = ClassWriter.Write(IrClass.Local(
            """
            mesh expert
            func forward(dispatched: float[E,G@expert,C,M]) {
              x: float[E@expert,G,C,M] = all_to_all[expert, split=0, concat=1](dispatched)
              return x
            }
            """)).Text;
        Assert.Contains(
            """
                        // AllToAll over 'expert': G-split → E-split, 4·E·G·C·M/expert² bytes to each peer; returned
                        var x = expert.AllToAll(dispatched, splitDim: 0, concatDim: 1);
            """, source, StringComparison.Ordinal);
    }

    [Fact]
    public void Temporaries_are_freed_at_their_last_use_and_kept_ones_only_when_nothing_is_kept()
    {
        var source = ClassWriter.Write(IrClass.Local(
            """
            mesh expert
            func forward(x: float[B,M], weight w: float[H,M]) {
              h: float[B,H] = linear(x, w)
              y: float[B,H] = relu(h)
              free(h)
              z: float[B,H] = neg(y)
              free_unless_kept(y)
              save[alias=[0]](x, y)
              return z
            }
            """,
            """
            mesh expert
            func Backward(dZ: float[B,H], weight w: float[H,M]) {
              x: float[B,M], y: float[B,H] = restore()
              dY: float[B,H] = neg(dZ)
              dH: float[B,H] = relu_backward(dY, y)
              free(dY, y)
              dX: float[B,M] = matmul(dH, w)
              dW: float[H,M] = einsum["BH,BM->HM"](dH, x)
              free(dH, x)
              accumulate[w](dW)
              return dX
            }
            """)).Text;
        Assert.Equal(
            """
            var keep = training && Gradients.AreWanted;
            using var noGraph = Gradients.WithoutGraph(keep);

            var h = functional.linear(x, w);
            var y = functional.relu(h);
            h.Dispose();
            var z = -y;
            if (!keep) y.Dispose();

            if (keep) residuals.Push(new ForwardResiduals(x.alias(), y));

            return z;
            """, IrClass.Body(source, "forward"));
        Assert.Equal(
            """
            using var noGrad = no_grad();
            var (x, y) = residuals.Pop("Backward");

            var dY = -dZ;
            var dH = Kernels.ReluBackward(dY, y);
            dY.Dispose();
            y.Dispose();
            var dX = torch.matmul(dH, w);
            var dW = torch.einsum("BH,BM->HM", dH, x);
            dH.Dispose();
            x.Dispose();
            Gradients.Accumulate(w, dW);

            return dX;
            """, IrClass.Body(source, "Backward"));
    }

    [Fact]
    public void A_loop_over_sharded_layers_carries_one_variable_forward_and_its_gradient_back()
    {
        var source = ClassWriter.Write(IrClass.Compile(
            """
            mesh expert
            func forward(x: float[B@expert,M]) {
              y: float[B@expert,M] = foreach[layers, item=layer](x) { |a: float[B@expert,M]|
                b: float[B@expert,M] = call[layer.forward](a)
                yield b
              }
              return y
            }
            """)).Text;
        Assert.Contains(
            """
                        foreach (var layer in layers)
                        {
                            var b = layer.forward(x2);
                            x2.Dispose();
                            x2 = b;
                        }

                        return x2;
            """, source, StringComparison.Ordinal);
        Assert.Contains("foreach (var layer in layers.Reverse())", source, StringComparison.Ordinal);
        Assert.Contains("= layer.Backward(", source, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_loop_keeps_is_a_stack_of_records()
    {
        var source = ClassWriter.Write(IrClass.Compile(
            """
            mesh expert
            func forward(x: float[B,M]) {
              y: float[B,M] = foreach[layers, item=layer](x) { |a: float[B,M]|
                b: float[B,M] = call[layer.forward](a)
                c: float[B,M] = relu(b)
                yield c
              }
              return y
            }
            """)).Text;
        Assert.Contains("var layersResiduals = new Stack<LayersResiduals>();", source, StringComparison.Ordinal);
        Assert.Contains("if (keep) layersResiduals.Push(new LayersResiduals(c.alias()));", source, StringComparison.Ordinal);
        Assert.Contains("private readonly record struct ForwardResiduals(Stack<LayersResiduals> LayersResiduals);", source, StringComparison.Ordinal);
        Assert.Contains("private readonly record struct LayersResiduals(Tensor C);", source, StringComparison.Ordinal);
    }

    [Fact]
    public void A_branch_assigns_its_results_and_keeps_what_its_backward_needs()
    {
        var source = ClassWriter.Write(IrClass.Compile(
            """
            mesh expert
            host smooth
            func forward(x: float[B,M]) {
              y: float[B,M] = if[condition=`smooth`]() {
                a: float[B,M] = gelu(x)
                yield a
              } {
                b: float[B,M] = relu(x)
                yield b
              }
              return y
            }
            """)).Text;
        Assert.Contains("if (smooth)", source, StringComparison.Ordinal);
        Assert.Contains("y = functional.gelu(x);", source, StringComparison.Ordinal);
        Assert.Contains("y = functional.relu(x);", source, StringComparison.Ordinal);
        Assert.Contains("Kernels.GeluBackward(", source, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_are_read_from_tensors_and_used_by_name()
    {
        var source = ClassWriter.Write(IrClass.Compile(
            """
            mesh data
            host heads
            func forward(x: float[B@data,T,M]) {
              y: float[B@data,T,heads,M/heads] = reshape[shape=[B, T, heads, M/heads]](x)
              z: float[B@data,T,heads,M/heads] = mul_scalar[value=`1.0 / Math.Sqrt({M/heads})`](y)
              return z
            }
            """)).Text;
        Assert.Contains("var localB = x.shape[0];", source, StringComparison.Ordinal);
        Assert.Contains("x.reshape(localB, T, heads, M / heads)", source, StringComparison.Ordinal);
        Assert.Contains("* (1.0 / Math.Sqrt(M / heads));", source, StringComparison.Ordinal);
    }
}
