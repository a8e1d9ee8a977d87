namespace GShard;

/// <summary>Whether a second choice that chance skips still takes a slot of its expert's capacity (GShard, Algorithm 1).</summary>
public enum SlotRule
{
    /// <summary>A skipped second choice takes no slot, as in the authors' own code and as the stated purpose, to conserve capacity, asks for.</summary>
    KeptOnly,

    /// <summary>Every second choice takes a slot, as the algorithm is printed: the count is incremented outside the condition.</summary>
    Literal,
}
