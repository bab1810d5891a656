using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Diagonals and bands of matrices: every version of MatrixDiag, MatrixDiagPart and MatrixSetDiag is one gather at known places.</summary>
internal static class DiagonalOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("MatrixBandPart", BandPart),
        new("MatrixDiag", c => Make(c, new Band(0, 0, "LEFT_LEFT"), -1, -1, Lax.ScalarLike(c[0], 0))),
        new("MatrixDiagV2", c => Make(c, Band.Of(c, 1, false), c.KnownInt(2), c.KnownInt(3), c[4])),
        new("MatrixDiagV3", c => Make(c, Band.Of(c, 1, true), c.KnownInt(2), c.KnownInt(3), c[4])),
        new("MatrixDiagPart", c => Part(c, new Band(0, 0, "LEFT_LEFT"), Lax.ScalarLike(c[0], 0))),
        new("MatrixDiagPartV2", c => Part(c, Band.Of(c, 1, false), c[2])),
        new("MatrixDiagPartV3", c => Part(c, Band.Of(c, 1, true), c[2])),
        new("MatrixSetDiag", c => Set(c, new Band(0, 0, "LEFT_LEFT"))),
        new("MatrixSetDiagV2", c => Set(c, Band.Of(c, 2, false))),
        new("MatrixSetDiagV3", c => Set(c, Band.Of(c, 2, true))),
        new("Diag", Diag), new("DiagPart", DiagPart),
        // The names of TensorFlow's first releases.
        new("BatchMatrixBandPart", BandPart), new("BatchMatrixDiag", c => Make(c, new Band(0, 0, "LEFT_LEFT"), -1, -1, Lax.ScalarLike(c[0], 0))),
        new("BatchMatrixDiagPart", c => Part(c, new Band(0, 0, "LEFT_LEFT"), Lax.ScalarLike(c[0], 0))), new("BatchMatrixSetDiag", c => Set(c, new Band(0, 0, "LEFT_LEFT"))),
    ];

    /// <summary>The diagonals from <paramref name="Low"/> to <paramref name="High"/>, stored one a row, the highest first, each set to one side of its row.</summary>
    private readonly record struct Band(long Low, long High, string Align)
    {
        /// <summary>The band that input <paramref name="input"/> and the attribute align describe.</summary>
        public static Band Of(OpContext c, int input, bool aligned)
        {
            long[] k = c.Known(input);
            string align = aligned ? c.Choice("align", "RIGHT_LEFT", "RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT") : "LEFT_LEFT";
            return new Band(k[0], k[^1], align);
        }

        /// <summary>The number of elements of diagonal <paramref name="d"/> in a matrix.</summary>
        public static long Length(long d, long rows, long columns) => Math.Max(0, Math.Min(rows + Math.Min(d, 0), columns - Math.Max(d, 0)));

        /// <summary>The length of the longest one: that of the rows in which they are stored.</summary>
        public long Width(long rows, long columns) => Math.Min(rows + Math.Min(High, 0), columns - Math.Max(Low, 0));

        /// <summary>Where diagonal <paramref name="d"/> begins in its row.</summary>
        public long Offset(long d, long rows, long columns)
        {
            bool left = (d >= 0 && Align.StartsWith("LEFT", StringComparison.Ordinal)) || (d <= 0 && Align.EndsWith("LEFT", StringComparison.Ordinal));
            return left ? 0 : Width(rows, columns) - Length(d, rows, columns);
        }

        /// <summary>The place of matrix element (r, c) among the stored diagonals; null outside the band.</summary>
        public long? Place(long r, long c, long rows, long columns)
        {
            long d = c - r;
            return d < Low || d > High ? null : ((High - d) * Width(rows, columns)) + Offset(d, rows, columns) + Math.Min(r, c);
        }
    }

    private static OpResult BandPart(OpContext c)
    {
        Value x = c[0];
        long lower = c.Known(1)[0], upper = c.Known(2)[0], rows = x.Shape[^2], columns = x.Shape[^1];
        using Tensor distance = arange(columns).unsqueeze(0) - arange(rows).unsqueeze(1);
        using Tensor low = lower < 0 ? ones_like(distance, ScalarType.Bool) : distance >= -lower;
        using Tensor high = upper < 0 ? ones_like(distance, ScalarType.Bool) : distance <= upper;
        return Lax.Select(c.Trace.Constant(low.logical_and(high)), x, Lax.ScalarLike(x, 0));
    }

    private static OpResult Make(OpContext c, Band band, long rows, long columns, Value padding)
    {
        Value diagonals = c[0];
        int stored = band.Low == band.High ? 1 : 2;
        long width = diagonals.Shape[^1], fewestRows = width - Math.Min(band.High, 0), fewestColumns = width + Math.Max(band.Low, 0);
        if (rows < 0 && columns < 0)
        {
            rows = columns = Math.Max(fewestRows, fewestColumns);
        }
        rows = rows < 0 ? fewestRows : rows;
        columns = columns < 0 ? fewestColumns : columns;
        long[] batch = diagonals.Shape[..^stored];
        long none = Shapes.Count(diagonals.Shape.AsSpan(batch.Length));
        var index = new long[rows * columns];
        for (long i = 0; i < index.Length; i++)
        {
            index[i] = band.Place(i / columns, i % columns, rows, columns) ?? none;
        }
        return Pick(diagonals, batch, padding, index, [rows, columns]);
    }

    private static OpResult Part(OpContext c, Band band, Value padding)
    {
        Value x = c[0];
        long rows = x.Shape[^2], columns = x.Shape[^1], count = band.High - band.Low + 1, width = band.Width(rows, columns);
        var index = new long[count * width];
        Array.Fill(index, rows * columns);
        for (long r = 0; r < rows; r++)
        {
            for (long k = Math.Max(0, r + band.Low); k < Math.Min(columns, r + band.High + 1); k++)
            {
                index[band.Place(r, k, rows, columns)!.Value] = (r * columns) + k;
            }
        }
        return Pick(x, x.Shape[..^2], padding, index, count == 1 ? [width] : [count, width]);
    }

    private static OpResult Set(OpContext c, Band band)
    {
        Value x = c[0], diagonals = c[1];
        long rows = x.Shape[^2], columns = x.Shape[^1];
        long[] batch = x.Shape[..^2];
        var index = new long[rows * columns];
        for (long i = 0; i < index.Length; i++)
        {
            index[i] = band.Place(i / columns, i % columns, rows, columns) is { } place ? index.Length + place : i;
        }
        Value all = Lax.Concat([Lax.Reshape(x, [.. batch, index.Length]), Lax.Reshape(diagonals, [.. batch, -1])], -1);
        return Lax.Reshape(Lax.Gather(all, c.Trace.Integers(index), -1), x.Shape);
    }

    // Elements of the last axes, and behind them one of padding, at known places.
    private static Value Pick(Value x, long[] batch, Value padding, long[] index, long[] shape)
    {
        Value flat = Lax.Reshape(x, [.. batch, Shapes.Count(x.Shape.AsSpan(batch.Length))]);
        if (Array.IndexOf(index, flat.Shape[^1]) >= 0)
        {
            flat = Lax.Concat([flat, Lax.BroadcastTo(padding, [.. batch, 1])], -1);
        }
        return Lax.Reshape(Lax.Gather(flat, x.Trace.Integers(index), -1), [.. batch, .. shape]);
    }

    // Diag of a tensor of any rank: its elements on the diagonal of a tensor of twice the rank.
    private static OpResult Diag(OpContext c)
    {
        long n = c[0].Type.Count;
        Value matrix = Lax.Reshape(c[0], n, 1) * c.Trace.Constant(eye(n, dtype: c[0].DType));
        return Lax.Reshape(matrix, [.. c[0].Shape, .. c[0].Shape]);
    }

    private static OpResult DiagPart(OpContext c)
    {
        long[] half = c[0].Shape[..(c[0].Rank / 2)];
        long n = Shapes.Count(half);
        using Tensor places = arange(n) * (n + 1);
        return Lax.Reshape(Lax.Gather(Lax.Reshape(c[0], n * n), c.Trace.Constant(places.alias()), 0), half);
    }
}
