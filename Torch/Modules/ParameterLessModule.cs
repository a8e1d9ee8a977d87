namespace TorchSharp.Modules;

/// <summary>Marks modules without parameters, buffers and submodules.</summary>
public interface IParameterLessModule
{
    internal static InvalidOperationException Refusal(nn.Module module, string name) =>
        new($"{module.GetName()} is declared without parameters: '{name}' cannot be registered in it; derive from nn.Module instead.");
}

/// <summary>A module without state: conversions leave it as it is, and nothing can be registered in it.</summary>
public abstract class ParameterLessModule<T1, TResult> : nn.Module<T1, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name)
        : base(name)
    {
    }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;

    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;

    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_parameter(string name, Modules.Parameter param) => throw IParameterLessModule.Refusal(this, name);

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw IParameterLessModule.Refusal(this, name);

    public override void register_module(string name, nn.Module submodule) => throw IParameterLessModule.Refusal(this, name);
}

/// <summary>A module without state: conversions leave it as it is, and nothing can be registered in it.</summary>
public abstract class ParameterLessModule<T1, T2, TResult> : nn.Module<T1, T2, TResult>, IParameterLessModule
{
    protected ParameterLessModule(string name)
        : base(name)
    {
    }

    protected internal override nn.Module _to(Device device, ScalarType dtype, bool non_blocking) => this;

    protected internal override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) => this;

    protected internal override nn.Module _to(ScalarType dtype, bool non_blocking) => this;

    public override void register_parameter(string name, Modules.Parameter param) => throw IParameterLessModule.Refusal(this, name);

    public override void register_buffer(string name, Tensor tensor, bool persistent = true) => throw IParameterLessModule.Refusal(this, name);

    public override void register_module(string name, nn.Module submodule) => throw IParameterLessModule.Refusal(this, name);
}
