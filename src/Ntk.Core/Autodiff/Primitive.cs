using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>
/// An operation of the core's own small vocabulary: what it computes and how it is differentiated. One output; stateless. Cotangents and tangents
/// carry one leading axis of rows, of any length, before the value's own axes.
/// </summary>
public abstract class Primitive
{
    /// <summary>The name a printed program shows.</summary>
    public abstract string Name { get; }

    /// <summary>The output's type.</summary>
    /// <exception cref="ShapeException">The operands do not fit.</exception>
    public abstract TensorType Infer(ReadOnlySpan<TensorType> operands);

    /// <summary>The output.</summary>
    public abstract Tensor Eval(ReadOnlySpan<Tensor> operands);

    /// <summary>Whether the output has a derivative with respect to an operand; where not, it counts as zero, as in TensorFlow.</summary>
    public virtual bool IsDifferentiable(int operand) => true;

    /// <summary>Whether the output is linear in an operand while the others stay: its derivative then needs no value of that operand or of the output.</summary>
    public virtual bool IsLinear(int operand) => false;

    /// <summary>Pushes a tangent (R, operand's shape) forward: the output's tangent (R, output's shape).</summary>
    public abstract Tensor Jvp(int operand, Tensor tangent, in Point point);

    /// <summary>Pulls a cotangent (K, output's shape) back: the operand's cotangent (K, operand's shape).</summary>
    public abstract Tensor Vjp(int operand, Tensor cotangent, in Point point);

    /// <summary>
    /// Adds what <see cref="Vjp"/> gives to <paramref name="sum"/> in place, or where that is null to zeros that are the caller's own; null where the primitive
    /// cannot do it in less work. A loop's steps each read a piece of one sequence: padding every piece to the whole would cost the square of its length.
    /// </summary>
    public virtual Tensor? AccumulateVjp(int operand, Tensor? sum, Tensor cotangent, in Point point) => null;

    /// <summary>Whether <see cref="Vjp"/> with respect to <paramref name="differentiated"/> reads the value of operand <paramref name="operand"/>.</summary>
    public virtual bool VjpReads(int differentiated, int operand) => !(IsLinear(differentiated) && operand == differentiated);

    /// <summary>Whether <see cref="Vjp"/> with respect to <paramref name="differentiated"/> reads the output's value.</summary>
    public virtual bool VjpReadsOutput(int differentiated) => !IsLinear(differentiated);

    /// <summary>
    /// Where the batch axis goes. Asked only when an operand carries it; null when examples are mixed, or when that cannot be shown.
    /// </summary>
    public abstract BatchAxis? Batch(in BatchSite site);

    /// <summary>Counted floating-point operations of one evaluation; pulling back or pushing forward costs about as much a row.</summary>
    public virtual double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => output.Count;

    /// <summary>Parameters of the primitive as a printed program shows them.</summary>
    protected virtual string Details => "";

    /// <inheritdoc/>
    public sealed override string ToString() => Details.Length == 0 ? Name : $"{Name}[{Details}]";

    /// <summary>The error of operands that do not fit.</summary>
    protected ShapeException Mismatch(string message) => new($"{Name}: {message}");
}

/// <summary>Where a primitive is differentiated: the operands' and the output's values and types.</summary>
/// <param name="Operands">The operands' values; an entry that <see cref="Primitive.VjpReads"/> does not ask for may be missing.</param>
/// <param name="Output">The output's value; may be missing where <see cref="Primitive.VjpReadsOutput"/> does not ask for it.</param>
/// <param name="OperandTypes">The operands' types.</param>
/// <param name="OutputType">The output's type.</param>
public readonly record struct Point(Tensor?[] Operands, Tensor? Output, TensorType[] OperandTypes, TensorType OutputType)
{
    /// <summary>An operand's value.</summary>
    public Tensor this[int operand] => Operands[operand] ?? throw new InvalidOperationException($"operand {operand} was freed before its use");

    /// <summary>The output's value.</summary>
    public Tensor Result => Output ?? throw new InvalidOperationException("the output was freed before its use");
}
