namespace GShard.Tool.Launch;

/// <summary>What was asked for cannot be launched; the message is one sentence for the user.</summary>
internal sealed class LaunchInputException(string message) : Exception(message);
