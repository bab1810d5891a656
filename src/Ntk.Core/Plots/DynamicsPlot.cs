using Ntk.Core.Tensors;

namespace Ntk.Core.Plots;

/// <summary>What a network says at one time of its training.</summary>
/// <param name="Time">Training steps; infinity when training has ended.</param>
/// <param name="Train">Outputs of the training examples, or null.</param>
/// <param name="Test">Outputs of the test examples, or null.</param>
/// <param name="Covariance">The covariance of <paramref name="Test"/>, (M, M) or (M, M, O, O), or null.</param>
public sealed record DynamicsPoint(double Time, NtkTensor? Train, NtkTensor? Test, NtkTensor? Covariance = null);

/// <summary>Training dynamics over time: single outputs, or the loss where targets are given.</summary>
public static class DynamicsPlot
{
    // More curves than these are a blot.
    private const int MostCurves = 40;
    private const int MostBands = 8;

    // From this ratio of times on a logarithmic axis shows more.
    private const double LogarithmicFrom = 30;

    /// <summary>Makes the figure.</summary>
    /// <param name="points">The times, in any order.</param>
    /// <param name="yTrain">Targets of the training examples; with them the loss is drawn.</param>
    /// <param name="yTest">Targets of the test examples; likewise.</param>
    /// <param name="title">The title; null for one that says what is shown.</param>
    /// <param name="model">The model's name, for the title; null where it is not known.</param>
    /// <exception cref="NtkException">Fewer than two times, outputs of different shapes, or targets of another size.</exception>
    public static CurveFigure From(IReadOnlyList<DynamicsPoint> points, NtkTensor? yTrain = null, NtkTensor? yTest = null, string? title = null, string? model = null)
    {
        DynamicsPoint[] sorted = [.. points.OrderBy(point => point.Time)];
        if (sorted.Length < 2 || sorted[0].Time == sorted[^1].Time)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "Dynamics are drawn over time, and there is one time only; predict at several, such as -Time 0, 1, 10, 100.");
        }
        if (sorted.Zip(sorted.Skip(1)).Where(pair => pair.First.Time == pair.Second.Time).Select(pair => pair.First).FirstOrDefault() is { } twice)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"There are several predictions for time {twice.Time:G4}; draw those of one method and kernel, such as Where-Object Kernel -EQ Ntk.");
        }
        (FigureAxis axis, double[] x) = TimeAxis([.. sorted.Select(point => point.Time)]);
        double[][]? train = Values(sorted, point => point.Train, "Train"), test = Values(sorted, point => point.Test, "Test");
        double[][]? deviation = sorted.All(point => point.Covariance is not null) ? Deviations(sorted) : null;
        int examples = train is null ? 0 : sorted[0].Train!.Shape.FirstOrDefault(1), tests = test is null ? 0 : sorted[0].Test!.Shape.FirstOrDefault(1);
        string counts = string.Join(", ", new[] { train is null ? null : $"N = {examples:N0}", test is null ? null : $"{tests:N0} test examples" }.OfType<string>());
        string of = model is null ? "" : $" of {model}";
        var curves = new List<Curve>();
        if (yTrain is not null || yTest is not null)
        {
            AddLoss(curves, "Train", x, train, yTrain, "-YTrain");
            AddLoss(curves, "Test", x, test, yTest, "-YTest");
            bool logarithmic = curves.All(curve => curve.Y.All(loss => loss > 0)) && curves.Max(curve => curve.Y.Max()) > 10 * curves.Min(curve => curve.Y.Min());
            return new CurveFigure(title ?? $"Loss{of} in training, {counts}", axis, new FigureAxis("Loss, ½ mean (f − y)²", logarithmic), curves);
        }
        AddOutputs(curves, "Train", x, train, null);
        AddOutputs(curves, deviation is null ? "Test" : "Test ± 2 standard deviations", x, test, deviation);
        return curves.Count > 0 ? new CurveFigure(title ?? $"Outputs{of} in training, {counts}", axis, new FigureAxis("Output f", false), curves)
            : throw new NtkException(NtkErrorId.InvalidArgument, "There are no outputs to show; an item of dynamics has Time and Train or Test (or Mean and Covariance).");
    }

    // Zero and infinity have no place on a logarithmic axis, and infinity none on any: they stand a step beside the others, under their own names.
    private static (FigureAxis Axis, double[] X) TimeAxis(double[] times)
    {
        double[] finite = [.. times.Where(double.IsFinite)], positive = [.. finite.Where(time => time > 0)];
        bool logarithmic = positive.Length > 1 && positive[^1] >= LogarithmicFrom * positive[0];
        double step = logarithmic ? Math.Pow(positive[^1] / positive[0], 0.08) : Math.Max(finite.LastOrDefault() - finite.FirstOrDefault(), 1) * 0.1;
        double before = logarithmic ? positive[0] / step : 0, after = logarithmic ? positive[^1] * step : finite.LastOrDefault() + step;
        var named = new List<(double, string)>();
        if (logarithmic && times[0] <= 0)
        {
            named.Add((before, "0"));
        }
        if (double.IsPositiveInfinity(times[^1]))
        {
            named.Add((after, "∞"));
        }
        return (new FigureAxis("Training steps", logarithmic, named), Array.ConvertAll(times, time => double.IsPositiveInfinity(time) ? after : logarithmic && time <= 0 ? before : time));
    }

    // A time a row, its outputs in row-major order.
    private static double[][]? Values(DynamicsPoint[] points, Func<DynamicsPoint, NtkTensor?> select, string name)
    {
        NtkTensor?[] tensors = Array.ConvertAll(points, point => select(point));
        if (Array.TrueForAll(tensors, tensor => tensor is null))
        {
            return null;
        }
        int odd = Array.FindIndex(tensors, tensor => tensor is null || tensor.Count == 0 || !tensor.Shape.AsSpan().SequenceEqual(tensors[0]?.Shape));
        if (odd >= 0)
        {
            string what = tensors[odd] is { } tensor ? $"the shape {NtkShape.Format(tensor.Shape)}" : "no outputs";
            throw new NtkException(NtkErrorId.ShapeMismatch, $"{name} has {what} at time {points[odd].Time:G4} and others at other times; draw one prediction at a time.");
        }
        return Array.ConvertAll(tensors, tensor => (double[])LosslessCast.To(tensor!, NtkDType.Float64, name).ToFlatArray());
    }

    // The square roots of the covariances' diagonals: of M outputs, or of M times O where the covariance is of outputs, too.
    private static double[][] Deviations(DynamicsPoint[] points) => Array.ConvertAll<DynamicsPoint, double[]>(points, point =>
    {
        NtkTensor covariance = LosslessCast.To(point.Covariance!, NtkDType.Float64, "Covariance");
        int outputs = covariance.Rank == 4 ? covariance.Shape[2] : 1, size = covariance.Shape[0];
        long each = point.Test!.Count / Math.Max(size, 1);
        if (covariance.Rank is not (2 or 4) || covariance.Shape[1] != size || size == 0 || point.Test.Count % size != 0 || (outputs != 1 && outputs != each))
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"Covariance has the shape {NtkShape.Format(covariance.Shape)}, which does not fit the mean's, {NtkShape.Format(point.Test.Shape)}.");
        }
        var values = (double[])covariance.ToFlatArray();
        return [.. from i in Enumerable.Range(0, (int)point.Test.Count)
                   let example = i / each
                   let output = outputs == 1 ? 0 : i % each
                   select Math.Sqrt(Math.Max(values[(((((example * size) + example) * outputs) + output) * outputs) + output], 0))];
    });

    private static void AddOutputs(List<Curve> curves, string name, double[] x, double[][]? values, double[][]? deviation)
    {
        if (values is null)
        {
            return;
        }
        int count = values[0].Length, shown = Math.Min(count, deviation is null ? MostCurves : MostBands);
        string label = shown == count ? name : $"{name}, {shown} of {count:N0} outputs";
        for (int k = 0; k < shown; k++)
        {
            int output = (int)((long)k * count / shown);
            curves.Add(new Curve(label, x, Array.ConvertAll(values, row => row[output]), deviation is null ? null : Array.ConvertAll(deviation, row => 2 * row[output])));
        }
    }

    private static void AddLoss(List<Curve> curves, string name, double[] x, double[][]? values, NtkTensor? targets, string argument)
    {
        if (targets is null)
        {
            return;
        }
        if (values is null || targets.Count != values[0].Length)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, values is null ? $"{argument} was given, and the dynamics have no {name}."
                : $"{argument} has the shape {NtkShape.Format(targets.Shape)}, {targets.Count:N0} numbers for {values[0].Length:N0} outputs; give the targets that the dynamics were computed with.") { Target = argument };
        }
        var y = (double[])LosslessCast.To(targets, NtkDType.Float64, argument).ToFlatArray();
        curves.Add(new Curve(name, x, Array.ConvertAll(values, row => row.Zip(y, (f, t) => (f - t) * (f - t)).Average() / 2)));
    }
}
