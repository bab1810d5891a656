using Ntk.Core.Autodiff;
using Ntk.Core.Formats;

namespace Ntk.Core.Kernels;

/// <summary>
/// Models that were made for one example at a time, as many that run on a device are: their inputs have a batch axis of size one, or a shape inside them says so.
/// On several examples they mean the results of each.
/// </summary>
internal static class SingleExamples
{
    /// <summary>Whether a model takes the several examples of a side only one by one.</summary>
    /// <param name="source">The model.</param>
    /// <param name="side">The inputs.</param>
    /// <param name="axis">The inputs' axis of examples.</param>
    /// <param name="trace">Traces the model at shapes.</param>
    public static bool Are(ModelSource source, Side side, int axis, Action<long[][]> trace)
    {
        if (side.Examples <= 1 || side.Unevenness(axis, "") is not null)
        {
            return false;
        }
        bool SaysSo(NtkTensorSpec input) => input.Shape is { } shape && axis >= -shape.Length && axis < shape.Length && shape[Shapes.Axis(axis, shape.Length)] == 1;
        return source.Inputs.Any(SaysSo) ? Takes(1) : !Takes(side.Examples) && Takes(1);

        bool Takes(long examples)
        {
            try
            {
                trace(side.Shapes(examples, axis));
                return true;
            }
            catch (Exception e) when (ShapeException.IsCauseOf(e))
            {
                return false;
            }
        }
    }
}
