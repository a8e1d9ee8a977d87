namespace GShard.Torch.Tests.Modules;

/// <summary>Tests that seed the default generator, which all threads share: no other test may draw meanwhile.</summary>
[CollectionDefinition(nameof(DefaultGenerator), DisableParallelization = true)]
public sealed class DefaultGenerator;
