namespace Ntk.Bench;

/// <summary>A kernel to time.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Model">A specification (<see cref="Networks"/>) or a model's path from the repository's root.</param>
/// <param name="N1">Examples of x1.</param>
/// <param name="N2">Examples of x2; 0 for x1 with itself.</param>
/// <param name="TraceAxes">Output axes traced over.</param>
/// <param name="ToFile">Whether the kernel goes to a file by tiles.</param>
internal sealed record Work(string Name, string Model, int N1, int N2, int[] TraceAxes, bool ToFile = false)
{
    private static readonly int[] LastAxis = [-1];

    /// <summary>The works of the table.</summary>
    public static IReadOnlyList<Work> All { get; } =
    [
        new("docstring_cnn", "conv:32,32,3-32-32-32l-flat-10", 5, 20, LastAxis),
        new("docstring_fcn", "fcn:3072-1024-1024-10", 5, 20, LastAxis),
        new("fcn_800", "fcn:784-512-512-10", 800, 0, LastAxis),
        new("fcn_5000", "fcn:784-512-512-10", 5000, 0, LastAxis),
        new("fcn_width_1024", "fcn:256-1024-1024-1024-32", 16, 16, LastAxis),
        new("fcn_width_4096", "fcn:256-4096-4096-4096-32", 16, 16, LastAxis),
        new("fcn_outputs_100", "fcn:256-512-512-100", 8, 8, LastAxis),
        new("fcn_outputs_1000", "fcn:256-512-512-1000", 8, 8, LastAxis),
        new("small_fcn", "tests/fixtures/keras2/small_fcn/model.h5", 3, 4, LastAxis),
        new("mini_resnet", "tests/fixtures/keras2/mini_resnet/model.h5", 3, 4, LastAxis),
        new("resnet18_8", "resnet:8-2,2,2,2-10", 20, 20, LastAxis),
        new("mobilenet", "mobilenet:0.25-5", 2, 3, LastAxis),
        new("digits", "samples/digits/untrained.keras", 1700, 1000, LastAxis),
        new("full_dense", "fcn:784-1024-10", 64, 0, []),
        new("full_conv", "conv:28,28,1-64-gap-10", 64, 0, []),
        new("conv_to_file", "conv:32,32,3-64-64-flat-10", 10, 100, LastAxis, ToFile: true),
    ];

    /// <summary>The words that <see cref="Parse"/> makes this work of.</summary>
    public string[] Words => All.Contains(this) ? [Name] : [Model, $"{N1}", $"{N2}", TraceAxes.Length == 0 ? "full" : "traced"];

    /// <summary>A work by its name, or by <c>MODEL N1 N2</c>.</summary>
    public static Work Parse(string[] words)
    {
        if (words.Length == 1)
        {
            return All.FirstOrDefault(w => w.Name == words[0]) ??
                throw new ArgumentException($"'{words[0]}' is no work of the table: {string.Join(", ", All.Select(w => w.Name))}; nor a model with N1 and N2.");
        }
        int[] counts = words[1..3].Select(w => int.Parse(w, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        return new Work(words[0], words[0], counts[0], counts[1], words.Length > 3 && words[3] == "full" ? [] : LastAxis);
    }
}
