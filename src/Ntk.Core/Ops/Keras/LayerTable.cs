using System.Diagnostics.CodeAnalysis;

namespace Ntk.Core.Ops.Keras;

/// <summary>Every Keras layer that can be imported, by class name; each family's file has its own part.</summary>
internal static class LayerTable
{
    private static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> s_all = Join(
        CoreLayers.Table, ActivationLayers.Table, ConvolutionLayers.Table, LocallyConnectedLayers.Table, PoolingLayers.Table, NormalizationLayers.Table, RecurrentLayers.Table,
        ConvolutionalRecurrentLayers.Table, AttentionLayers.Table, MergeLayers.Table, ReshapingLayers.Table, RegularizationLayers.Table,
        PreprocessingLayers.Table, SpectrogramLayers.Table, ModelLayers.Table, TensorFlowOperations.Table, TensorFlowOpLayers.Table);

    /// <summary>The class names.</summary>
    public static IEnumerable<string> Names => s_all.Keys;

    /// <summary>How a class is made.</summary>
    public static bool Find(string className, [NotNullWhen(true)] out Action<KerasLayer, LayerConfig>? build) => s_all.TryGetValue(className, out build);

    private static Dictionary<string, Action<KerasLayer, LayerConfig>> Join(params Dictionary<string, Action<KerasLayer, LayerConfig>>[] parts)
    {
        var all = new Dictionary<string, Action<KerasLayer, LayerConfig>>(StringComparer.Ordinal);
        foreach (Dictionary<string, Action<KerasLayer, LayerConfig>> part in parts)
        {
            foreach ((string name, Action<KerasLayer, LayerConfig> build) in part)
            {
                all.Add(name, build);
            }
        }
        return all;
    }
}
