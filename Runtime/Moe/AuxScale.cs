namespace GShard;

/// <summary>The scale of the load-balancing loss of <see cref="Moe.Top2Gating"/>.</summary>
public enum AuxScale
{
    /// <summary>Multiplied by E², as in the authors' code: a uniform router has the loss 1.</summary>
    ExpertsSquared,

    /// <summary>As printed in Algorithm 1: a uniform router has the loss 1/E².</summary>
    Paper,
}
