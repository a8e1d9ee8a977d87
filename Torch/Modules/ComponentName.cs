using System.Reflection;

namespace TorchSharp.Utils
{
    /// <summary>The name a field is registered under, where it differs from the field's own.</summary>
    [AttributeUsage(AttributeTargets.Field)]
    public class ComponentNameAttribute : Attribute
    {
        public string Name { get; set; } = "";
    }
}

namespace TorchSharp
{
    public static class FieldInfoExtensionMethods
    {
        /// <summary>The name a field's module, parameter or buffer is registered under.</summary>
        public static string ComponentName(this FieldInfo field) =>
            field.GetCustomAttribute<Utils.ComponentNameAttribute>() is { Name.Length: > 0 } attribute ? attribute.Name : field.Name;
    }
}
