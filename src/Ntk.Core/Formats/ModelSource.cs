using Ntk.Core.Autodiff;

namespace Ntk.Core.Formats;

/// <summary>A model as its file describes it: what it takes, gives and has learned, and how to run it over traced values. Nothing in a file is ever executed.</summary>
public abstract class ModelSource
{
    /// <summary>The file format's name as <see cref="NtkModel.Format"/> shows it.</summary>
    public abstract string Format { get; }

    /// <summary>What the model takes, parameter inputs (<c>-ParameterInput</c>) excluded.</summary>
    public abstract IReadOnlyList<NtkTensorSpec> Inputs { get; }

    /// <summary>Whether <see cref="Inputs"/> has an order that the model's author knows, as Keras's has; a signature's inputs go by name only.</summary>
    public abstract bool InputsAreOrdered { get; }

    /// <summary>What the model gives.</summary>
    public abstract IReadOnlyList<NtkTensorSpec> Outputs { get; }

    /// <summary>Every variable, then the parameter inputs (whose value is null).</summary>
    public abstract IReadOnlyList<NtkParameter> Parameters { get; }

    /// <summary>What the user should know of the file before trusting a derivative.</summary>
    public virtual IReadOnlyList<string> Warnings => [];

    /// <summary>Runs the model over traced values; what the outputs do not need may be traced, it is dropped afterwards.</summary>
    /// <param name="trace">Where the equations are recorded.</param>
    /// <param name="parameters">One value for each of <see cref="Parameters"/>.</param>
    /// <param name="inputs">One value for each of <see cref="Inputs"/>, shapes concrete.</param>
    /// <returns>One value for each of <see cref="Outputs"/>.</returns>
    public abstract IReadOnlyList<Value> Apply(Trace trace, IReadOnlyList<Value> parameters, IReadOnlyList<Value> inputs);
}
