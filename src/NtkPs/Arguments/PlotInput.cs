using System.Globalization;
using System.Management.Automation;
using Ntk;
using Ntk.Core.Plots;

namespace NtkPs;

/// <summary>What else a picture is told.</summary>
internal sealed record PlotArguments(object? Label, object? ColumnLabel, object? YTrain, object? YTest, string? Title, int? MostCells);

/// <summary>
/// What came to be drawn. Results of other commands are read by their properties' names, so that a picture can also be made of what Import-Clixml or
/// ConvertFrom-Json brought back.
/// </summary>
internal sealed class PlotInput(PSCmdlet cmdlet)
{
    private const string Argument = "-InputObject";

    private readonly TensorCollector _tensors = new(cmdlet, Argument);
    private readonly List<PSObject> _results = [];
    private bool _hasTensors;

    /// <summary>Takes a pipeline item, or a whole argument.</summary>
    public void Add(object? value)
    {
        object? plain = PlainValue.Unwrap(value);
        if (plain is NtkModel model)
        {
            Array.ForEach(model.Parameters.ToArray(), Add);
        }
        else if (plain is object?[] list && list.Length > 0 && Array.TrueForAll(list, IsResult))
        {
            Array.ForEach(list, Add);
        }
        else if (IsResult(value))
        {
            _results.Add(PSObject.AsPSObject(value));
        }
        else
        {
            _tensors.Add(value);
            _hasTensors = true;
        }
    }

    /// <summary>Reads the input; what the figure takes to compute is left to the one who calls the result.</summary>
    /// <exception cref="NtkException">The input is not what the kind is of, or an argument is another kind's.</exception>
    public Func<Figure> Read(NtkPlotKind? wanted, PlotArguments arguments)
    {
        if (_results.Count > 0 && _hasTensors)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"{Argument} mixes tensors with other objects; a picture is of one kind of thing.") { Target = Argument };
        }
        IReadOnlyList<NtkTensor> tensors = _tensors.Complete();
        NtkPlotKind kind = wanted ?? Infer(tensors);
        Only(arguments.Label, "-Label", kind, NtkPlotKind.Heatmap, NtkPlotKind.Influence);
        Only(arguments.ColumnLabel, "-ColumnLabel", kind, NtkPlotKind.Heatmap);
        Only(arguments.YTrain, "-YTrain", kind, NtkPlotKind.Dynamics);
        Only(arguments.YTest, "-YTest", kind, NtkPlotKind.Dynamics);
        string? title = arguments.Title;
        string[]? labels = LabelArgument.Read(cmdlet, arguments.Label, "-Label"), columnLabels = LabelArgument.Read(cmdlet, arguments.ColumnLabel, "-ColumnLabel");
        switch (kind)
        {
            case NtkPlotKind.Heatmap when tensors is [var kernel]:
                bool square = kernel.Rank > 1 && kernel.Shape[0] == kernel.Shape[1];
                return () => KernelHeatmap.From(kernel, labels, columnLabels ?? (square ? labels : null), title, arguments.MostCells);
            case NtkPlotKind.Spectrum when tensors.Count > 0:
                return () => SpectrumPlot.From(tensors, title);
            case NtkPlotKind.Spectrum when _results.TrueForAll(result => Has(result, "Eigenvalues")) && _results.Count > 0:
                (string?, double[])[] spectra = [.. _results.Select(result => (Named(result), Doubles(result, "Eigenvalues")))];
                return () => SpectrumPlot.From(spectra, title);
            case NtkPlotKind.Dynamics when _results.Count > 0 && _results.TrueForAll(result => Has(result, "Time")):
                DynamicsPoint[] points = [.. _results.Select(Dynamics)];
                NtkTensor? yTrain = Optional(arguments.YTrain, "-YTrain"), yTest = Optional(arguments.YTest, "-YTest");
                string? trained = Text(_results[0], "Model");
                return () => DynamicsPlot.From(points, yTrain, yTest, title, trained);
            case NtkPlotKind.Parameters when tensors.Count > 0:
                return () => ParameterPlot.FromKernels(tensors, title);
            case NtkPlotKind.Parameters when _results.Count > 0 && _results.TrueForAll(result => Has(result, "Count") && Has(result, "Name")):
                (string, long)[] counts = [.. _results.Select(result => (Text(result, "Name") ?? "", Convert.ToInt64(Value(result, "Count"), CultureInfo.InvariantCulture)))];
                string? owner = PlainValue.Unwrap(_results[0]) is NtkParameter own ? own.Origin : null;
                return () => ParameterPlot.FromCounts(counts, title, owner);
            case NtkPlotKind.Influence when tensors is [var matrix]:
                return () => InfluencePlot.From(InfluencePlot.Points(matrix, labels), title);
            case NtkPlotKind.Influence when _results.Count > 0 && _results.TrueForAll(result => Has(result, "TrainIndex") && Has(result, "Contribution")):
                InfluencePoint[] influences = [.. _results.Select(result => Influence(result, labels))];
                string? model = Text(_results[0], "Model");
                int count = Has(_results[0], "TrainCount") ? Convert.ToInt32(Value(_results[0], "TrainCount"), CultureInfo.InvariantCulture) : 0;
                return () => InfluencePlot.From(influences, title, model, count);
            default:
                string given = tensors.Count > 0 ? string.Join(", ", tensors.Take(3).Select(tensor => tensor.Describe())) + (tensors.Count > 3 ? " …" : "") : _results.Count > 0 ? _results[0].TypeNames[0] : "nothing";
                throw new NtkException(NtkErrorId.InvalidArgument, $"-Kind {kind} takes {Takes(kind)}; given was {given}.") { Target = Argument };
        }
    }

    private static string Takes(NtkPlotKind kind) => kind switch
    {
        NtkPlotKind.Heatmap => "one kernel",
        NtkPlotKind.Spectrum => "kernels, eigenvalues or what Measure-NtkSpectrum gives",
        NtkPlotKind.Dynamics => "what Invoke-NtkPrediction gives: objects with Time and Train, Test or Mean",
        NtkPlotKind.Parameters => "the kernels of Invoke-EmpiricalNtk -PerParameter or -PerLayer, a model, or what Get-NtkParameter gives",
        _ => "a matrix (tests, training examples), or what Get-NtkInfluence gives",
    };

    // Numbers in a record are a row of a table, unless they are some command's result.
    private static bool IsResult(object? value) => value is not null && PlainValue.Unwrap(value) is not (NtkTensor or NtkTensorRow or Array or string or FileInfo)
        && (PlainValue.Unwrap(value) is NtkParameter || PSObject.AsPSObject(value) is var item && (Has(item, "Eigenvalues") || (Has(item, "TrainIndex") && Has(item, "Contribution")) || (Has(item, "Time") && (Has(item, "Train") || Has(item, "Test") || Has(item, "Mean")))
            || (Has(item, "Count") && Has(item, "Name") && Has(item, "Trainable"))));

    private NtkPlotKind Infer(IReadOnlyList<NtkTensor> tensors) => _results switch
    {
        [var first, ..] => Has(first, "Eigenvalues") ? NtkPlotKind.Spectrum : Has(first, "Contribution") ? NtkPlotKind.Influence : Has(first, "Time") ? NtkPlotKind.Dynamics : NtkPlotKind.Parameters,
        _ => tensors is [{ Rank: 1 }] ? NtkPlotKind.Spectrum : tensors.Count < 2 ? NtkPlotKind.Heatmap
            : throw new NtkException(NtkErrorId.InvalidArgument, $"{tensors.Count} kernels can be drawn in two ways: with -Kind Spectrum, or, if they are the parts of one, with -Kind Parameters.") { Target = "-Kind" },
    };

    private static void Only(object? value, string argument, NtkPlotKind kind, params NtkPlotKind[] kinds)
    {
        if (value is not null && !kinds.Contains(kind))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"{argument} has no meaning for -Kind {kind}; it is for {string.Join(" and ", kinds)}.") { Target = argument };
        }
    }

    private DynamicsPoint Dynamics(PSObject result) => new(Convert.ToDouble(Value(result, "Time") ?? double.PositiveInfinity, CultureInfo.InvariantCulture),
        Tensor(result, "Train"), Tensor(result, "Test") ?? Tensor(result, "Mean"), Tensor(result, "Covariance"));

    private static InfluencePoint Influence(PSObject result, string[]? labels)
    {
        int train = Convert.ToInt32(Value(result, "TrainIndex"), CultureInfo.InvariantCulture);
        string? label = labels is null ? Text(result, "TrainLabel") : train < labels.Length ? labels[train]
            : throw new NtkException(NtkErrorId.ShapeMismatch, $"-Label has {labels.Length:N0} labels, and there is a training example {train:N0}.") { Target = "-Label" };
        return new InfluencePoint(Convert.ToInt32(Value(result, "TestIndex"), CultureInfo.InvariantCulture), train,
            Convert.ToDouble(Value(result, "Contribution"), CultureInfo.InvariantCulture), label, Text(result, "Predicted"));
    }

    private NtkTensor? Tensor(PSObject result, string property) => Value(result, property) is { } value ? TensorArgument.One(cmdlet, value, $"{Argument}.{property}") : null;

    private NtkTensor? Optional(object? value, string argument) => value is null ? null : TensorArgument.One(cmdlet, value, argument);

    private double[] Doubles(PSObject result, string property) =>
        (double[])TensorArgument.One(cmdlet, Value(result, property), $"{Argument}.{property}").AsType(NtkDType.Float64).ToFlatArray();

    // The model's and its output's name, as far as they are known.
    private static string? Named(PSObject result) => string.Join(", ", new[] { Text(result, "Model"), Text(result, "Name") }.OfType<string>()) is { Length: > 0 } name ? name : null;

    private static bool Has(PSObject result, string property) => result.Properties[property] is not null;

    private static object? Value(PSObject result, string property) => PlainValue.Unwrap(result.Properties[property]?.Value);

    private static string? Text(PSObject result, string property) => Convert.ToString(Value(result, property), CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
}
