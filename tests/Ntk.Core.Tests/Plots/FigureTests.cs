using Ntk.Core.Plots;
using Xunit;

namespace Ntk.Core.Tests.Plots;

/// <summary>What pictures show, before they are drawn.</summary>
public class FigureTests
{
    [Fact]
    public void A_large_kernel_is_shown_by_the_means_of_blocks()
    {
        HeatmapFigure figure = KernelHeatmap.From(NtkTensor.FromArray(new double[,] { { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 10, 11, 12 } }, "k"), mostCells: 2);
        // Rows 0 and 1 in the first block, row 2 in the second.
        Assert.Equal(new[,] { { 3.5, 5.5 }, { 9.5, 11.5 } }, figure.Cells);
        Assert.Equal((3, 4), (figure.Rows.Size, figure.Columns.Size));
        Assert.Equal("Tangent kernel of k, N = 3 × 4", figure.Title);
    }

    [Fact]
    public void Classes_stand_together_in_their_order()
    {
        NtkTensor kernel = NtkTensor.FromArray(new double[,] { { 0, 1, 2 }, { 10, 11, 12 }, { 20, 21, 22 } });
        HeatmapFigure figure = KernelHeatmap.From(kernel, ["10", "2", "10"], ["b", "a", "a"]);
        Assert.Equal(new double[,] { { 11, 12, 10 }, { 1, 2, 0 }, { 21, 22, 20 } }, figure.Cells);
        Assert.Equal([new ExampleGroup("2", 0, 1), new ExampleGroup("10", 1, 2)], figure.Rows.Groups);
        Assert.Equal([new ExampleGroup("a", 0, 2), new ExampleGroup("b", 2, 1)], figure.Columns.Groups);
    }

    [Fact]
    public void A_full_kernel_is_a_matrix_of_examples_and_outputs_and_a_diagonal_one_its_mean()
    {
        // k[n1, n2, o1, o2] = 1000 n1 + 100 n2 + 10 o1 + o2
        NtkTensor full = NtkTensor.FromArray(Enumerable.Range(0, 16).Select(i => (1000f * (i >> 3)) + (100 * ((i >> 2) & 1)) + (10 * ((i >> 1) & 1)) + (i & 1)).ToArray(), [2, 2, 2, 2]);
        Assert.Equal(new double[,] { { 0, 1, 100, 101 }, { 10, 11, 110, 111 }, { 1000, 1001, 1100, 1101 }, { 1010, 1011, 1110, 1111 } }, KernelHeatmap.From(full).Cells);
        Assert.Equal(new[,] { { 2.0, 5 } }, KernelHeatmap.From(NtkTensor.FromArray(new[,,] { { { 1, 3 }, { 4, 6 } } })).Cells);
    }

    [Theory]
    [InlineData(-1, 5, true)]
    [InlineData(-0.1, 5, false)]
    [InlineData(1, 5, false)]
    [InlineData(-2, -1, true)]
    public void Colours_run_to_both_sides_of_zero_where_the_sign_matters(double low, double high, bool signed) =>
        Assert.Equal(signed, KernelHeatmap.From(NtkTensor.FromArray(new[,] { { low, high } })).IsSigned);

    [Fact]
    public void A_spectrum_is_that_of_the_matrix()
    {
        // [[2, 1], [1, 2]] has 1 and 3; twice, once for each output, as a full kernel.
        Assert.Equal([3, 1], SpectrumPlot.Eigenvalues(NtkTensor.FromArray(new float[,] { { 2, 1 }, { 1, 2 } })).Select(value => Math.Round(value, 12)));
        var full = new double[2, 2, 2, 2];
        foreach (int o in new[] { 0, 1 })
        {
            (full[0, 0, o, o], full[1, 1, o, o], full[0, 1, o, o], full[1, 0, o, o]) = (2, 2, 1, 1);
        }
        Assert.Equal([3, 3, 1, 1], SpectrumPlot.Eigenvalues(NtkTensor.FromArray(full)).Select(value => Math.Round(value, 12)));
        CurveFigure figure = SpectrumPlot.From([NtkTensor.FromArray(new[] { 0.5, -1e-9, 8, 2 }, "a"), NtkTensor.FromArray(new[] { 1.0 }, "a")]);
        Assert.Equal(new[] { 8, 2, 0.5 }, figure.Curves[0].Y);
        Assert.Equal(["a", "a (2)"], figure.Curves.Select(curve => curve.Name));
        Assert.Contains("1 of 5 eigenvalues are not positive", figure.X.Label, StringComparison.Ordinal);
    }

    [Fact]
    public void Dynamics_with_targets_are_the_loss_of_neural_tangents()
    {
        // ½ mean (f − y)²: at time 0 ½ · (1 + 9) / 2, at 1 ½ · (0 + 4) / 2.
        DynamicsPoint[] points = [new(1, Vector(1, 1), null), new(0, Vector(0, 0), null), new(double.PositiveInfinity, Vector(1, 3), null)];
        CurveFigure figure = DynamicsPlot.From(points, yTrain: Vector(1, 3));
        Assert.Equal(new[] { 2.5, 1, 0 }, figure.Curves.Single().Y);
        Assert.Contains((1.1, "∞"), figure.X.Named!);
        Assert.Equal(2, DynamicsPlot.From(points).Curves.Count);
    }

    [Fact]
    public void Covariances_are_bands_of_two_standard_deviations()
    {
        DynamicsPoint[] points = [new(0, null, Vector(0, 0), NtkTensor.FromArray(new double[,] { { 4, 1 }, { 1, 9 } })), new(1, null, Vector(0, 0), NtkTensor.FromArray(new double[,] { { 1, 0 }, { 0, 0.25 } }))];
        CurveFigure figure = DynamicsPlot.From(points);
        Assert.Equal(new double[] { 4, 2 }, figure.Curves[0].Spread!);
        Assert.Equal(new double[] { 6, 1 }, figure.Curves[1].Spread!);
    }

    [Fact]
    public void Zero_and_infinity_stand_beside_a_logarithmic_time_axis()
    {
        FigureAxis axis = DynamicsPlot.From([.. new[] { 0, 1, 10, 100, double.PositiveInfinity }.Select(time => new DynamicsPoint(time, Vector(time > 0 ? 1 : 0), null))]).X;
        Assert.True(axis.Logarithmic);
        Assert.Equal(["0", "∞"], axis.Named!.Select(name => name.Name));
        Assert.InRange(axis.Named![0].Position, 0.5, 0.99);
        Assert.InRange(axis.Named[1].Position, 101, 200);
    }

    [Fact]
    public void Parameters_share_the_trace()
    {
        NtkTensor a = NtkTensor.FromArray(new float[,] { { 1, 9 }, { 9, 2 } }).WithName("a"), b = NtkTensor.FromArray(new float[,] { { 4, 0 }, { 0, 5 } }).WithName("b");
        Bar[] bars = [.. ParameterPlot.FromKernels([a, b]).Panels.Single().Bars];
        Assert.Equal([25.0, 75], bars.Select(bar => bar.Value));
        Assert.Equal(["25.0 %", "75.0 %"], bars.Select(bar => bar.Text));
        // Full kernels: the diagonal in examples and outputs; diagonal ones: that in examples.
        NtkTensor full = NtkTensor.FromArray(new float[] { 1, 9, 9, 2 }, [1, 1, 2, 2]), diagonal = NtkTensor.FromArray(new float[] { 1, 2 }, [1, 1, 2]);
        Assert.Equal([50.0, 50], ParameterPlot.FromKernels([full, full]).Panels[0].Bars.Select(bar => bar.Value));
        Assert.Equal([50.0, 50], ParameterPlot.FromKernels([diagonal, diagonal]).Panels[0].Bars.Select(bar => bar.Value));
        Bar last = ParameterPlot.FromCounts([.. Enumerable.Range(1, 50).Select(i => ($"p{i}", (long)i))]).Panels[0].Bars[^1];
        Assert.Equal(("11 others", "66"), (last.Name, last.Text));
    }

    [Fact]
    public void Influences_are_sorted_by_size()
    {
        BarFigure figure = InfluencePlot.From(InfluencePlot.Points(NtkTensor.FromArray(new[,] { { 0.1, -0.5, 0.3 }, { 1, 2, 3 } }), ["x", "y", "z"]));
        Assert.Equal(["1 (y)", "2 (z)", "0 (x)"], figure.Panels[0].Bars.Select(bar => bar.Name));
        Assert.Equal(["Test example 0", "Test example 1"], figure.Panels.Select(panel => panel.Heading));
    }

    public static TheoryData<string, Action> Mistakes => new()
    {
        { NtkErrorId.ShapeMismatch, () => KernelHeatmap.From(Vector(1)) },
        { NtkErrorId.ShapeMismatch, () => KernelHeatmap.From(NtkTensor.FromArray(new double[0, 3])) },
        { NtkErrorId.ShapeMismatch, () => KernelHeatmap.From(NtkTensor.FromArray(new double[2, 3]), ["a"]) },
        { NtkErrorId.DTypeMismatch, () => KernelHeatmap.From(NtkTensor.FromArray(new System.Numerics.Complex[2, 2])) },
        { NtkErrorId.ShapeMismatch, () => SpectrumPlot.Eigenvalues(NtkTensor.FromArray(new double[2, 3])) },
        { NtkErrorId.InvalidArgument, () => SpectrumPlot.Eigenvalues(NtkTensor.FromArray(new[,] { { double.NaN } })) },
        { NtkErrorId.InvalidArgument, () => SpectrumPlot.From([Vector(-1, 0)]) },
        { NtkErrorId.InvalidArgument, () => DynamicsPlot.From([new DynamicsPoint(1, Vector(1), null)]) },
        { NtkErrorId.InvalidArgument, () => DynamicsPlot.From([new DynamicsPoint(1, Vector(1), null), new DynamicsPoint(1, Vector(2), null), new DynamicsPoint(2, Vector(1), null)]) },
        { NtkErrorId.ShapeMismatch, () => DynamicsPlot.From([new DynamicsPoint(1, Vector(1), null), new DynamicsPoint(2, Vector(1, 2), null)]) },
        { NtkErrorId.ShapeMismatch, () => DynamicsPlot.From([new DynamicsPoint(1, Vector(1), null), new DynamicsPoint(2, null, null)]) },
        { NtkErrorId.ShapeMismatch, () => DynamicsPlot.From([new DynamicsPoint(1, Vector(1), null), new DynamicsPoint(2, Vector(1), null)], Vector(1, 2)) },
        { NtkErrorId.ShapeMismatch, () => DynamicsPlot.From([new DynamicsPoint(1, Vector(1), null), new DynamicsPoint(2, Vector(1), null)], null, Vector(1)) },
        { NtkErrorId.ShapeMismatch, () => ParameterPlot.FromKernels([NtkTensor.FromArray(new double[2, 3])]) },
        { NtkErrorId.ShapeMismatch, () => ParameterPlot.FromKernels([NtkTensor.FromArray(new double[2, 2]), NtkTensor.FromArray(new double[3, 3])]) },
        { NtkErrorId.InvalidArgument, () => ParameterPlot.FromKernels([NtkTensor.FromArray(new double[2, 2])]) },
        { NtkErrorId.InvalidArgument, () => InfluencePlot.From([]) },
        { NtkErrorId.InvalidArgument, () => InfluencePlot.From([new InfluencePoint(0, 0, double.NaN)]) },
        { NtkErrorId.ShapeMismatch, () => InfluencePlot.Points(NtkTensor.FromArray(new double[2, 3]), ["a"]) },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_has_its_identifier(string id, Action mistake) => Assert.Equal(id, Assert.Throws<NtkException>(mistake).ErrorId);

    [Theory]
    [InlineData(0, 1, 5, false, "0.0 0.2 0.4 0.6 0.8 1.0")]
    [InlineData(-7, 12, 4, false, "-5 0 5 10")]
    [InlineData(0, 2500, 5, false, "0 500 1,000 1,500 2,000 2,500")]
    [InlineData(0.5, 2000, 8, true, "1 10 100 1,000")]
    [InlineData(1e-9, 1e3, 4, true, "10⁻⁸ 10⁻⁴ 1")]
    [InlineData(0.5, 2e5, 8, true, "1 10 10² 10³ 10⁴ 10⁵")]
    [InlineData(1e5, 7e5, 8, true, "10⁵ 2·10⁵ 5·10⁵")]
    [InlineData(1, 30, 8, true, "1 2 5 10 20")]
    public void Ticks_are_round(double low, double high, int count, bool logarithmic, string expected) =>
        Assert.Equal(expected, string.Join(' ', AxisTicks.Between(low, high, count, logarithmic).Select(tick => tick.Text)));

    private static NtkTensor Vector(params double[] values) => NtkTensor.FromArray(values);
}
