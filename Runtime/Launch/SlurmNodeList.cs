namespace GShard;

/// <summary>SLURM's short form of a list of hosts: <c>gpu[01-04,07]-a,login1</c>.</summary>
internal static class SlurmNodeList
{
    /// <summary>The first host of a list, where rank 0 runs.</summary>
    public static string First(string list)
    {
        var first = new System.Text.StringBuilder();
        for (var i = 0; i < list.Length && list[i] != ','; i++)
        {
            if (list[i] != '[')
            {
                first.Append(list[i]);
                continue;
            }
            var end = list.IndexOf(']', i);
            if (end < 0) throw new LaunchException($"The list of hosts '{list}' that SLURM gives has a bracket without an end; set MASTER_ADDR to the host of rank 0.");
            var numbers = list[(i + 1)..end];
            first.Append(numbers[..(numbers.IndexOfAny(['-', ',']) is >= 0 and var stop ? stop : numbers.Length)]);
            i = end;
        }
        return first.ToString();
    }
}
