using System.Reflection;

namespace GShard.Torch.Tests;

public class OperatorTableTests
{
    private static FieldInfo[] Table => typeof(Aten).GetFields(BindingFlags.Static | BindingFlags.NonPublic);

    [Fact]
    public void Libtorch_has_every_operator_of_the_table()
    {
        Assert.Empty(Table.Where(static field => !((NativeOperator)field.GetValue(null)!).Exists).Select(static field => field.Name));
        Assert.True(Table.Length > 700);
    }
}
