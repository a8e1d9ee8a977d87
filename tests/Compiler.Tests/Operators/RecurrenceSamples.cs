namespace GShard.Compiler.Tests.Operators;

/// <summary>Calls of the recurrent operators, forwards and backwards, over one step and several.</summary>
internal static class RecurrenceSamples
{
    public static IEnumerable<OperatorSample> All =>
    [
        new("lstm", "", ["f64[3,5,8]", "f64[5,2]", "f64[5,2]", "f64[8,2]"]), new("lstm", "reverse=true", ["f64[3,5,8]", "f64[5,2]", "f64[5,2]", "f64[8,2]"]), new("lstm", "", ["f64[1,4,4]", "f64[4,1]", "f64[4,1]", "f64[4,1]"]),
        new("lstm_backward", "", ["f64[3,5,2]", "f64[5,2]", "f64[5,2]", "f64[3,5,8]", "f64[3,5,2]", "f64[5,2]", "f64[8,2]"]),
        new("lstm_backward", "reverse=true", ["f64[3,5,2]", "f64[5,2]", "f64[5,2]", "f64[3,5,8]", "f64[3,5,2]", "f64[5,2]", "f64[8,2]"]),
        new("gru", "", ["f64[3,5,6]", "f64[5,2]", "f64[6,2]", "f64[6]"]), new("gru", "reverse=true", ["f64[3,5,6]", "f64[5,2]", "f64[6,2]"]),
        new("gru_backward", "", ["f64[3,5,2]", "f64[5,2]", "f64[3,5,6]", "f64[3,5,2]", "f64[3,5,2]", "f64[5,2]", "f64[6,2]"]),
        new("gru_backward", "reverse=true", ["f64[3,5,2]", "f64[5,2]", "f64[3,5,6]", "f64[3,5,2]", "f64[3,5,2]", "f64[5,2]", "f64[6,2]"]),
        new("rnn", "", ["f64[3,5,2]", "f64[5,2]", "f64[2,2]"]), new("rnn", "relu=true, reverse=true", ["f64[3,5,2]", "f64[5,2]", "f64[2,2]"]),
        new("rnn_backward", "", ["f64[3,5,2]", "f64[5,2]", "f64[3,5,2]", "f64[2,2]"]), new("rnn_backward", "relu=true, reverse=true", ["f64[3,5,2]", "f64[5,2]", "f64[3,5,2]", "f64[2,2]"]),
    ];
}
