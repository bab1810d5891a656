using System.Globalization;

namespace Ntk.Bench;

/// <summary>
/// Networks by a short specification: <c>fcn:784-512-512-10</c> is a fully connected ReLU network of those widths, <c>conv:32,32,3-64-64-flat-10</c> 3 x 3
/// ReLU convolutions of so many channels without padding (<c>32l</c>: linear), then flattened (or <c>gap</c>, averaged over positions), then a dense layer, <c>resnet:8-2,2,2,2-10</c> a
/// residual network of 32 x 32 images with so many first filters, blocks a stage and classes, <c>mobilenet:0.25-5</c> MobileNet of 32 x 32 images with that
/// width and so many classes.
/// </summary>
internal static class Networks
{
    /// <summary>Writes a network as a frozen graph.</summary>
    public static void Write(string specification, string path)
    {
        string[] parts = specification.Split(':', '-');
        var graph = new NetworkGraph();
        switch (parts[0])
        {
            case "fcn":
                Dense(graph, Numbers(parts[1..]));
                break;
            case "conv":
                Convolutional(graph, Numbers(parts[1].Split(',')), parts[2..]);
                break;
            case "resnet":
                Residual(graph, Number(parts[1]), Numbers(parts[2].Split(',')), Number(parts[3]));
                break;
            case "mobilenet":
                MobileNet(graph, double.Parse(parts[1], CultureInfo.InvariantCulture), Number(parts[2]));
                break;
            default:
                throw new ArgumentException($"'{parts[0]}' is no kind of network; fcn, conv, resnet and mobilenet are.", nameof(specification));
        }
        graph.Save(path);
    }

    private static void Dense(NetworkGraph graph, int[] widths)
    {
        Node x = graph.Input(widths[0]);
        for (int i = 1; i < widths.Length; i++)
        {
            x = graph.Dense(x, widths[i], relu: i < widths.Length - 1);
        }
    }

    private static void Convolutional(NetworkGraph graph, int[] image, string[] layers)
    {
        Node x = graph.Input(image);
        for (int i = 0; i < layers.Length; i++)
        {
            x = layers[i] switch
            {
                "flat" => graph.Flatten(x),
                "gap" => graph.Average(x),
                [.., 'l'] units => graph.Convolution(x, Number(units[..^1]), 3),
                string units when x.Shape.Length == 3 => graph.Relu(graph.Convolution(x, Number(units), 3)),
                string units => graph.Dense(x, Number(units), relu: i < layers.Length - 1),
            };
        }
    }

    // He, Zhang, Ren, Sun 2015, basic blocks; a stage after the first halves the image and doubles the filters.
    private static void Residual(NetworkGraph graph, int filters, int[] blocks, int classes)
    {
        Node x = graph.Input(32, 32, 3);
        x = graph.Relu(graph.Normalize(graph.Convolution(x, filters, 7, 2, same: true, bias: false)));
        x = graph.MaxPool(x, 3, 2);
        for (int stage = 0; stage < blocks.Length; stage++)
        {
            for (int block = 0; block < blocks[stage]; block++)
            {
                int stride = stage > 0 && block == 0 ? 2 : 1, channels = filters << stage;
                Node y = graph.Relu(graph.Normalize(graph.Convolution(x, channels, 3, stride, same: true, bias: false)));
                y = graph.Normalize(graph.Convolution(y, channels, 3, 1, same: true, bias: false));
                Node shortcut = stride == 1 ? x : graph.Normalize(graph.Convolution(x, channels, 1, stride, same: true, bias: false));
                x = graph.Relu(graph.Sum(shortcut, y));
            }
        }
        graph.Dense(graph.Average(x), classes, relu: false);
    }

    // Howard et al. 2017.
    private static void MobileNet(NetworkGraph graph, double width, int classes)
    {
        Node x = graph.Input(32, 32, 3);
        int Filters(int full) => (int)(full * width);
        x = graph.Relu6(graph.Normalize(graph.Convolution(x, Filters(32), 3, 2, same: true, bias: false)));
        (int Filters, int Stride)[] blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), .. Enumerable.Repeat((512, 1), 5), (1024, 2), (1024, 1)];
        foreach ((int filters, int stride) in blocks)
        {
            x = graph.Relu6(graph.Normalize(graph.Depthwise(x, 3, stride)));
            x = graph.Relu6(graph.Normalize(graph.Convolution(x, Filters(filters), 1, 1, same: true, bias: false)));
        }
        graph.Dense(graph.Average(x), classes, relu: false);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static int[] Numbers(string[] texts) => Array.ConvertAll(texts, Number);
}
