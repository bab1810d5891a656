using Ntk.Core.Tensors;

namespace Ntk.Core.Analysis;

/// <summary>What regression learns, from what a user calls the training targets.</summary>
internal static unsafe class RegressionTargets
{
    // More classes than this, and more than examples, are no labels.
    private const int ManyClasses = 10_000;

    /// <summary>float64 (N, C): labels as one-hot minus 1 / C, whose columns have mean zero for balanced classes; floats as they are.</summary>
    /// <exception cref="NtkException">Labels below 0 or of an unbelievable size.</exception>
    public static NtkTensor From(NtkTensor targets)
    {
        int count = targets.Shape[0];
        bool labels = (targets.DType.IsInteger() || targets.DType == NtkDType.Bool) && targets.RowLength == 1;
        if (!labels)
        {
            return LosslessCast.To(targets.Reshape(count, checked((int)targets.RowLength)), NtkDType.Float64, "-YTrain");
        }
        NtkTensor classes = LosslessCast.To(targets, NtkDType.Int64, "-YTrain");
        var values = new ReadOnlySpan<long>(classes.Pointer, count);
        long highest = 0;
        for (int row = 0; row < count; row++)
        {
            if (values[row] < 0)
            {
                throw new NtkException(NtkErrorId.InvalidArgument,
                    $"-YTrain has the label {values[row]} at {row}; labels are class numbers from 0. For targets such as -1 and 1 give floating-point numbers.");
            }
            highest = Math.Max(highest, values[row]);
        }
        if (highest >= Math.Max(ManyClasses, count))
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"-YTrain has the label {highest:N0}, which would make {highest + 1:N0} classes of {count:N0} examples. For targets that are no classes give floating-point numbers.");
        }
        // A single class, too, is told apart from another one that training never showed.
        int columns = Math.Max(2, (int)highest + 1);
        NtkTensor result = NtkTensor.Allocate(NtkDType.Float64, [count, columns]);
        var cells = (double*)result.Pointer;
        for (int row = 0; row < count; row++)
        {
            new Span<double>(cells + ((long)row * columns), columns).Fill(-1.0 / columns);
            cells[((long)row * columns) + values[row]] += 1;
        }
        GC.KeepAlive(classes);
        GC.KeepAlive(result);
        return result;
    }
}
