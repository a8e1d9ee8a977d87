namespace GShard.Compiler.Tests.Programs;

/// <summary>Programs as authors write them, in the text form: the material of the program tests.</summary>
internal static class Models
{
    public const string Moe =
        """
        mesh expert
        func forward(dispatch: float[G@expert,S,E,C], combine: float[G@expert,S,E,C], inputs: float[G@expert,S,M], weight wi: float[E@expert,M,H], weight wo: float[E@expert,H,M]) {
          sent: float[E,G,C,M]? = einsum["GSEC,GSM->EGCM"](dispatch, inputs)
          x: float[E@expert,G,C,M]? = constraint(sent)
          up: float[E,G,C,H]? = einsum["EGCM,EMH->EGCH"](x, wi)
          h: float[E,G,C,H]? = tanh(up)
          y: float[G,E,C,M]? = einsum["EGCH,EHM->GECM"](h, wo)
          output: float[G,S,M]? = einsum["GSEC,GECM->GSM"](combine, y)
          return output
        }
        """;

    public const string MegatronMlp =
        """
        mesh model
        func forward(x: float[B,T,M], weight up: float[H@model,M], weight upBias: float[H@model], weight down: float[M,H@model], weight downBias: float[M]) {
          hidden: float[B,T,H]? = linear_bias(x, up, upBias)
          h: float[B,T,H]? = gelu(hidden)
          y: float[B,T,M]? = linear_bias(h, down, downBias)
          return y
        }
        """;

    public const string DataParallel =
        """
        mesh data
        func forward(x: float[B@data,T,M], weight gain: float[M], weight offset: float[M], weight w: float[H,M]) {
          n: float[B,T,M]?, mean: float[B,T,1]?, rstd: float[B,T,1]? = layer_norm[dims=1, eps=`1e-5`](x, gain, offset)
          y: float[B,T,H]? = linear(n, w)
          loss: float[]? = mean(y)
          return y, loss
        }
        """;

    public const string Attention =
        """
        mesh data, model
        host heads
        func forward(x: float[B@data,T,M], weight wq: float[M@model,M], weight wk: float[M@model,M], weight wv: float[M@model,M], weight wo: float[M,M@model]) {
          q: float[B,T,M]? = linear(x, wq)
          k: float[B,T,M]? = linear(x, wk)
          v: float[B,T,M]? = linear(x, wv)
          qHeads: float[B,T,heads,M/heads]? = reshape[shape=[B, T, heads, M/heads]](q)
          kHeads: float[B,T,heads,M/heads]? = reshape[shape=[B, T, heads, M/heads]](k)
          vHeads: float[B,T,heads,M/heads]? = reshape[shape=[B, T, heads, M/heads]](v)
          scores: float[B,heads,T,T]? = einsum["btnd,bsnd->bnts"](qHeads, kHeads)
          scaled: float[B,heads,T,T]? = mul_scalar[value=`1.0 / Math.Sqrt({M/heads})`](scores)
          weights: float[B,heads,T,T]? = softmax[dim=-1](scaled)
          mixed: float[B,T,heads,M/heads]? = einsum["bnts,bsnd->btnd"](weights, vHeads)
          flat: float[B,T,M]? = reshape[shape=[B, T, M]](mixed)
          y: float[B,T,M]? = linear(flat, wo)
          return y
        }
        """;

    public const string Branch =
        """
        mesh data
        func forward(x: float[B@data,M], weight w: float[M,M]) {
          y: float[B,M]? = if[condition=`smooth`]() {
            a: float[B,M]? = matmul(x, w)
            b: float[B,M]? = tanh(a)
            yield b
          } {
            c: float[B,M]? = mul(x, x)
            yield c
          }
          z: float[B,M]? = mul(y, x)
          return z
        }
        """;
}
