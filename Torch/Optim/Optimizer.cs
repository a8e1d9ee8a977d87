using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public interface ILearningRateController
        {
            double LearningRate { get; set; }

            double InitialLearningRate { get; set; }
        }

        public interface IMomentum
        {
            double Momentum { get; set; }
        }

        public interface IBetas
        {
            (double, double) Betas { get; set; }
        }

        /// <summary>Changes parameters by their gradients; groups of parameters may have options of their own.</summary>
        public abstract partial class Optimizer : IDisposable
        {
            protected IList<ParamGroup> _parameter_groups = [];

            private protected Optimizer()
            {
            }

            public virtual IEnumerable<ILearningRateController> ParamGroups => _parameter_groups;

            public virtual IEnumerable<Parameter> parameters() => _parameter_groups.SelectMany(group => group.Parameters);

            public virtual void add_param_group(ParamGroup param_group) => _parameter_groups.Add(param_group);

            public virtual void zero_grad()
            {
                foreach (var parameter in parameters())
                {
                    using var gradient = parameter.grad;
                    if (gradient is not null) parameter.grad = null;
                }
            }

            /// <summary>One update from the gradients; <paramref name="closure"/>, where given, computes the loss and the gradients first.</summary>
            public virtual Tensor step(Func<Tensor>? closure = null) =>
                throw new NotSupportedException($"{GetType().Name} does not define step().");

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            protected virtual void Dispose(bool disposing)
            {
                if (disposing) ReleaseStates();
            }

            private protected virtual void ReleaseStates()
            {
            }

            /// <summary>Options of the groups and states of the parameters, each as the optimizer's own objects.</summary>
            public class StateDictionary
            {
                internal StateDictionary()
                {
                }

                public List<OptimizerOptions> Options { get; } = [];

                public List<OptimizerState> State { get; } = [];

                /// <summary>By group, the index of each parameter's state.</summary>
                public List<List<int>> StateIndexRef { get; } = [];
            }
        }
    }
}
