using Ntk.Core.Tensors;

namespace Ntk.Core.Analysis;

/// <summary>What regression learns, from what a user calls the training targets.</summary>
public sealed unsafe class RegressionTargets
{
    // More classes than this, and more than examples, are no labels.
    private const int ManyClasses = 10_000;

    private RegressionTargets(NtkTensor values, IReadOnlyList<object>? classes, int[]? labels) => (Values, Classes, Labels) = (values, classes, labels);

    /// <summary>float64 (N, C): classes as one-hot minus 1 / C, whose columns have mean zero for balanced classes; floating-point targets as they are.</summary>
    public NtkTensor Values { get; }

    /// <summary>The classes of the columns; null for targets that are none.</summary>
    public IReadOnlyList<object>? Classes { get; }

    /// <summary>The column of each example's class; null for targets that are none.</summary>
    internal int[]? Labels { get; }

    /// <summary>The number of examples.</summary>
    public int Count => Values.Shape[0];

    /// <summary>Integers (N,) from 0 are labels; floating-point numbers (N,) or (N, C) are targets.</summary>
    /// <exception cref="NtkException">Another shape, or labels below 0 or of an unbelievable size.</exception>
    public static RegressionTargets From(NtkTensor targets)
    {
        if (targets.Rank is not (1 or 2) || targets.Count == 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"-YTrain has the shape {NtkShape.Format(targets.Shape)}; N examples take labels (N,) or targets (N, columns).") { Target = "-YTrain" };
        }
        bool labels = (targets.DType.IsInteger() || targets.DType == NtkDType.Bool) && targets.RowLength == 1;
        if (!labels)
        {
            return new(LosslessCast.To(targets.Reshape(targets.Shape[0], checked((int)targets.RowLength)), NtkDType.Float64, "-YTrain"), null, null);
        }
        NtkTensor hot = OneHot(targets);
        int columns = hot.Shape[1];
        long[] values = (long[])targets.AsType(NtkDType.Int64).ToFlatArray();
        return new(hot.Subtract(1.0 / columns), Enumerable.Range(0, columns).Select(c => (object)c).ToArray(), Array.ConvertAll(values, v => (int)v));
    }

    /// <summary>Text labels; the classes are in ordinal order.</summary>
    /// <exception cref="NtkException">There are none, or so many different ones that they are no classes.</exception>
    public static RegressionTargets From(IReadOnlyList<string> labels)
    {
        string[] classes = [.. labels.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (classes.Length == 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, "-YTrain is empty.") { Target = "-YTrain" };
        }
        if (classes.Length > ManyClasses)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-YTrain has {classes.Length:N0} different texts among {labels.Count:N0}, too many for classes.") { Target = "-YTrain" };
        }
        int[] columns = [.. labels.Select(label => Array.BinarySearch(classes, label, StringComparer.Ordinal))];
        NtkTensor hot = OneHot(NtkTensor.FromArray(columns), classes.Length);
        return new(hot.Subtract(1.0 / classes.Length), classes.Length > 1 ? classes : [classes[0], "(other)"], columns);
    }

    /// <summary>Class numbers (N,) as float64 (N, classes) of zeros and ones; as many classes as there are numbers to the highest, and at least <paramref name="classes"/>.</summary>
    /// <exception cref="NtkException">Labels below 0 or of an unbelievable size.</exception>
    internal static NtkTensor OneHot(NtkTensor labels, int classes = 0)
    {
        int count = labels.Shape[0];
        long[] values = (long[])LosslessCast.To(labels, NtkDType.Int64, "-YTrain").ToFlatArray();
        int below = Array.FindIndex(values, value => value < 0);
        if (below >= 0)
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"-YTrain has the label {values[below]} at {below}; labels are class numbers from 0. For targets such as -1 and 1 give floating-point numbers, for other classes text.") { Target = "-YTrain" };
        }
        long highest = values.DefaultIfEmpty().Max();
        if (highest >= Math.Max(ManyClasses, count))
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"-YTrain has the label {highest:N0}, which would make {highest + 1:N0} classes of {count:N0} examples. For targets that are no classes give floating-point numbers.") { Target = "-YTrain" };
        }
        // A single class, too, is told apart from another one that training never showed.
        int columns = Math.Max(Math.Max(2, classes), (int)highest + 1);
        NtkTensor result = NtkTensor.Allocate(NtkDType.Float64, [count, columns]);
        var cells = (double*)result.Pointer;
        for (int row = 0; row < count; row++)
        {
            cells[((long)row * columns) + values[row]] = 1;
        }
        GC.KeepAlive(result);
        return result;
    }
}
