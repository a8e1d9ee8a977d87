namespace GShard;

/// <summary>The kinds of message between ranks and their coordinator.</summary>
internal enum MessageKind
{
    /// <summary>Coordinator: this is the coordinator of the run.</summary>
    Greeting,

    /// <summary>Rank: I am here.</summary>
    Hello,

    /// <summary>Coordinator: all are here.</summary>
    Roster,

    /// <summary>Either: I am alive.</summary>
    Beat,

    /// <summary>Either: a rank has failed, and all must end.</summary>
    Failure,

    /// <summary>Coordinator: a rank has ended, or will not while others wait for that.</summary>
    Gone,

    /// <summary>Rank: I have waited too long.</summary>
    Stuck,

    /// <summary>Coordinator: say where you are. Rank: I am there.</summary>
    State,

    /// <summary>Rank: what I am about to do. Coordinator: what all members of the group said.</summary>
    Calls,

    /// <summary>Either: a rank has returned from the program.</summary>
    Left,

    /// <summary>Coordinator: all have left.</summary>
    End,
}
