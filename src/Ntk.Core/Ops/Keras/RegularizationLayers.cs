namespace Ntk.Core.Ops.Keras;

/// <summary>Layers that act in training only: at inference they pass their input on.</summary>
internal static class RegularizationLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = Names().ToDictionary(
        n => n, n => (Action<KerasLayer, LayerConfig>)Pass);

    private static string[] Names() =>
    [
        "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "FixedDropout",
    ];

    private static void Pass(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("rate", "p", "noise_shape", "stddev", "sigma", "l1", "l2", "data_format", "dim_ordering");
        layer.PassesMask = true;
        layer.Body = call => call.Inputs.Select(i => i with { Mask = null }).ToArray();
    }
}
