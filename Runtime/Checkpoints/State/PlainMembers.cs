using System.Reflection;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace GShard;

/// <summary>
/// The public fields and properties of an optimizer's options or state, by name. TorchSharp's optimizers keep theirs so, and a user's own
/// are saved if they do.
/// </summary>
internal static class PlainMembers
{
    /// <summary>The plain values of an object's public fields and settable properties; tensors are saved elsewhere.</summary>
    /// <exception cref="CheckpointException">There is one that a checkpoint cannot hold.</exception>
    public static JsonObject Read(object source)
    {
        var values = new JsonObject();
        foreach (var member in Of(source)) values[member.Name] = PlainValue.ToJson(member.Get(source));
        return values;
    }

    /// <summary>What sets the values that <see cref="Read"/> read, once they are checked.</summary>
    /// <exception cref="FormatException">A value is missing, or of another type; the message names it.</exception>
    public static Action Prepare(object target, JsonObject values)
    {
        var all = new List<(Member Member, object? Value)>();
        foreach (var member in Of(target))
        {
            if (!values.TryGetPropertyValue(member.Name, out var value)) throw new FormatException($"'{member.Name}' is missing");
            try
            {
                all.Add((member, PlainValue.FromJson(value, member.Type)));
            }
            catch (FormatException exception)
            {
                throw new FormatException($"'{member.Name}': {exception.Message}", exception);
            }
        }
        return () => all.ForEach(pair => pair.Member.Set(target, pair.Value));
    }

    private static IEnumerable<Member> Of(object source)
    {
        var type = source.GetType();
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public).OrderBy(field => field.Name, StringComparer.Ordinal))
            if (field.FieldType != typeof(Tensor) && Holds(type, field.Name, field.FieldType)) yield return new Member(field.Name, field.FieldType, field.GetValue, field.SetValue);
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public).OrderBy(property => property.Name, StringComparer.Ordinal))
            if (property.CanRead && property.CanWrite && property.GetIndexParameters().Length == 0 && Holds(type, property.Name, property.PropertyType))
                yield return new Member(property.Name, property.PropertyType, property.GetValue, property.SetValue);
    }

    // What is left out would be missed only when the training has gone on.
    private static bool Holds(Type owner, string name, Type type) => PlainValue.IsPlain(type)
        ? true
        : throw new CheckpointException($"{owner.Name} keeps '{name}' of type {type.Name}, which a checkpoint cannot hold: it holds fields that are tensors, and numbers, truth values, texts and lists of numbers.");

    private sealed record Member(string Name, Type Type, Func<object, object?> Get, Action<object, object?> Set);
}
