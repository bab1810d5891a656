namespace Ntk.Core.Autodiff;

/// <summary>
/// Where the elements of a resized axis come from, as TensorFlow's image ops compute it: in float32, whatever the image's type, and with the same roundings in the same order.
/// </summary>
/// <param name="From">The old size.</param>
/// <param name="Size">The new size.</param>
/// <param name="Index">Old elements, one array a tap, with an entry for each new element.</param>
/// <param name="Weight">Their weights.</param>
internal sealed record AxisSampling(long From, long Size, long[][] Index, float[][] Weight)
{
    // TensorFlow looks the cubic's weights up in a table of this size.
    private const int CubicSteps = 1024;
    private const float Tiny = 1000 * 1.17549435e-38f;

    /// <summary>What the weighted sums are divided by.</summary>
    public float Cell { get; private init; } = 1;

    /// <summary>Whether each new element is the old one at its place.</summary>
    public bool IsIdentity => From == Size && Cell == 1
        && Enumerable.Range(0, (int)Size).All(i => Enumerable.Range(0, Index.Length).All(tap => Weight[tap][i] == (Index[tap][i] == i ? 1 : 0) || Weight[tap][i] == 0));

    /// <summary>The map of the axis, (new size, old size).</summary>
    public double[,] Matrix()
    {
        var matrix = new double[Size, From];
        for (int tap = 0; tap < Index.Length; tap++)
        {
            for (long i = 0; i < Size; i++)
            {
                matrix[i, Index[tap][i]] += (double)Weight[tap][i] / Cell;
            }
        }
        return matrix;
    }

    /// <summary>
    /// What the old elements get from the new ones when a cotangent is pulled back: for each the new ones that it went to, in their order, one a tap. Where it went to one
    /// several times (at an edge that is repeated), further samplings with the same elements have the further weights.
    /// </summary>
    public AxisSampling[] Transposed()
    {
        var all = new List<(long Index, List<float> Weights)>[From];
        for (long i = 0; i < Size; i++)
        {
            for (int tap = 0; tap < Index.Length; tap++)
            {
                if (Weight[tap][i] != 0)
                {
                    List<(long Index, List<float> Weights)> own = all[Index[tap][i]] ??= [];
                    if (own.Count == 0 || own[^1].Index != i)
                    {
                        own.Add((i, []));
                    }
                    own[^1].Weights.Add(Weight[tap][i]);
                }
            }
        }
        int times = all.Max(own => own?.Max(w => w.Weights.Count) ?? 1);
        return Enumerable.Range(0, times).Select(n => Collect(Size, From, k => all[k]?.Select(w => (w.Index, n < w.Weights.Count ? w.Weights[n] : 0)).ToArray() ?? [])).ToArray();
    }

    /// <summary>The sampling of Resize… ops.</summary>
    /// <param name="interpolation">How; the nearest element is not a sum.</param>
    /// <param name="from">The old size.</param>
    /// <param name="size">The new size.</param>
    /// <param name="alignCorners">Whether the first and last elements' centers stay in place.</param>
    /// <param name="halfPixelCenters">Whether elements are areas with centers at one half.</param>
    public static AxisSampling Of(Interpolation interpolation, long from, long size, bool alignCorners = false, bool halfPixelCenters = false)
    {
        float scale = Scale(from, size, alignCorners);
        float Place(long i) => halfPixelCenters ? ((i + 0.5f) * scale) - 0.5f : i * scale;
        return interpolation switch
        {
            Interpolation.Linear => Collect(from, size, i => Linear(Place(i))),
            Interpolation.Cubic => Collect(from, size, i => Cubic(Place(i), from, halfPixelCenters)),
            Interpolation.Area => Collect(from, size, i => Area(i, scale)) with { Cell = scale },
            _ => throw new ArgumentOutOfRangeException(nameof(interpolation), interpolation, null),
        };
    }

    /// <summary>The sampling of ScaleAndTranslate: a kernel's values at the old places within its reach, divided by their sum.</summary>
    /// <param name="kernel">TensorFlow's name of the kernel.</param>
    /// <param name="from">The old size.</param>
    /// <param name="size">The new size.</param>
    /// <param name="scale">How much larger the image becomes.</param>
    /// <param name="translation">By how much it moves afterwards.</param>
    /// <param name="antialias">Whether the kernel widens where the image becomes smaller.</param>
    /// <exception cref="ShapeException">There is no such kernel.</exception>
    public static AxisSampling Of(string kernel, long from, long size, float scale, float translation, bool antialias)
    {
        (float radius, Func<float, float> value) = Kernel(kernel) ?? throw new ShapeException($"interpolation '{kernel}' is not supported");
        float inverse = 1 / scale, shift = -inverse * translation, wide = antialias ? Math.Max(inverse, 1) : 1, narrow = 1 / wide;
        return Collect(from, size, i =>
        {
            float sample = ((i + 0.5f) * inverse) + shift;
            if (sample < 0 || sample > from)
            {
                return [];
            }
            long first = Math.Clamp((long)MathF.Ceiling(sample - (radius * wide) - 0.5f), 0, from - 1), last = Math.Clamp((long)MathF.Floor(sample + (radius * wide) - 0.5f), 0, from - 1);
            var weights = new (long Index, float Weight)[last - first + 1];
            float total = 0;
            for (long k = first; k <= last; k++)
            {
                float weight = value(Math.Abs((k + 0.5f - sample) * narrow));
                weights[k - first] = (k, weight);
                total += weight;
            }
            float share = 1 / total;
            return Math.Abs(total) >= Tiny ? Array.ConvertAll(weights, w => (w.Index, w.Weight * share)) : [];
        });
    }

    /// <summary>A sampling kernel and its radius; null for a name that is none.</summary>
    public static (float Radius, Func<float, float> Value)? Kernel(string name) => name switch
    {
        "lanczos1" => (1, Lanczos(1)),
        "lanczos3" => (3, Lanczos(3)),
        "lanczos5" => (5, Lanczos(5)),
        "gaussian" => (1.5f, x => x >= 1.5f ? 0 : (float)Math.Exp(-x * x / 0.5)),
        "box" => (1, x => x < 0.5f ? 1 : x == 0.5f ? 0.5f : 0),
        "triangle" => (1, x => x < 1 ? 1 - x : 0),
        "keyscubic" => (2, x => x >= 2 ? 0 : x >= 1 ? (((((-0.5f * x) + 2.5f) * x) - 4) * x) + 2 : (((1.5f * x) - 2.5f) * x * x) + 1),
        "mitchellcubic" => (2, x => x >= 2 ? 0 : x >= 1 ? ((((((-7f / 18) * x) + 2) * x) - (10f / 3)) * x) + (16f / 9) : ((((7f / 6) * x) - 2) * x * x) + (8f / 9)),
        _ => null,
    };

    /// <summary>How many old elements a new one covers.</summary>
    public static float Scale(long from, long size, bool alignCorners) => alignCorners && size > 1 ? (from - 1) / (float)(size - 1) : from / (float)size;

    // The sine of the C library in float32, which TensorFlow takes too.
    private static Func<float, float> Lanczos(float radius) => x => x > radius ? 0 : x <= 1e-3f ? 1
        : radius * MathF.Sin(MathF.PI * x) * MathF.Sin(MathF.PI * x / radius) / (MathF.PI * MathF.PI * x * x);

    // Taps that an element has not count nothing: an element of its own, so that no other's NaN comes in.
    private static AxisSampling Collect(long from, long size, Func<long, (long Index, float Weight)[]> taps)
    {
        (long Index, float Weight)[][] all = Enumerable.Range(0, (int)size).Select(i => taps(i)).ToArray();
        int count = Math.Max(1, all.Max(t => t.Length));
        (long Index, float Weight) Tap(int i, int tap) => tap < all[i].Length ? all[i][tap] : (all[i].Length == 0 ? 0 : all[i][0].Index, 0);
        return new AxisSampling(from, size,
            Enumerable.Range(0, count).Select(tap => Enumerable.Range(0, (int)size).Select(i => Math.Clamp(Tap(i, tap).Index, 0, from - 1)).ToArray()).ToArray(),
            Enumerable.Range(0, count).Select(tap => Enumerable.Range(0, (int)size).Select(i => Tap(i, tap).Weight).ToArray()).ToArray());
    }

    private static (long, float)[] Linear(float place)
    {
        float floor = MathF.Floor(place), between = place - floor;
        return [((long)floor, 1 - between), ((long)MathF.Ceiling(place), between)];
    }

    // Keys' cubic with a = −1/2 leaves out what lies outside; the older one with a = −3/4 repeats the edge.
    private static (long, float)[] Cubic(float place, long from, bool keys)
    {
        double a = keys ? -0.5 : -0.75;
        long at = (long)MathF.Floor(place);
        double x = MathF.Round((place - at) * CubicSteps, MidpointRounding.ToEven) / CubicSteps;
        float Near(double t) => (float)(((((a + 2) * t) - (a + 3)) * t * t) + 1);
        float Far(double t) => (float)((((((a * (t + 1)) - (5 * a)) * (t + 1)) + (8 * a)) * (t + 1)) - (4 * a));
        (long Index, float Weight)[] weights = [(at - 1, Far(x)), (at, Near(x)), (at + 1, Near(1 - x)), (at + 2, Far(1 - x))];
        if (!keys)
        {
            return weights;
        }
        weights = Array.ConvertAll(weights, w => (w.Index, w.Index >= 0 && w.Index < from ? w.Weight : 0));
        float share = 1 / (weights[0].Weight + weights[1].Weight + weights[2].Weight + weights[3].Weight);
        return Array.ConvertAll(weights, w => (w.Index, w.Weight * share));
    }

    private static (long, float)[] Area(long i, float scale)
    {
        float low = i * scale, high = (i + 1) * scale;
        var weights = new List<(long, float)>();
        for (long k = (long)MathF.Floor(low); k < (long)MathF.Ceiling(high); k++)
        {
            bool ends = k + 1 > high;
            weights.Add((k, k < low ? ends ? scale : k + 1 - low : ends ? high - k : 1));
        }
        return [.. weights];
    }
}
