namespace Ntk.Core.Plots;

/// <summary>A kernel as a heat map; large ones by the means of blocks.</summary>
public static class KernelHeatmap
{
    // About what the picture has pixels for, at two pixels a cell.
    private const int MostCells = 512;

    /// <summary>Makes the figure.</summary>
    /// <param name="kernel">
    /// (N1, N2); (N1, N2, C), a kernel with a diagonal axis, whose mean over C is shown; or (N1, N2, O1, O2), shown as the matrix (N1·O1, N2·O2).
    /// </param>
    /// <param name="rowLabels">The class of each x1; null for none.</param>
    /// <param name="columnLabels">The class of each x2; null for none.</param>
    /// <param name="title">The title; null for one that says what the kernel is.</param>
    /// <param name="mostCells">The largest number of cells a side; null for as many as a picture has room for.</param>
    /// <exception cref="NtkException">Another shape, complex numbers, or labels that do not match.</exception>
    public static HeatmapFigure From(NtkTensor kernel, IReadOnlyList<string>? rowLabels = null, IReadOnlyList<string>? columnLabels = null, string? title = null, int? mostCells = null)
    {
        if (kernel.Rank is < 2 or > 4 || kernel.Count == 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"A heat map takes a kernel (N1, N2), (N1, N2, C) or (N1, N2, O1, O2), not {NtkShape.Format(kernel.Shape)}; trace over the other axes, or slice it.") { Target = kernel };
        }
        if (kernel.DType.IsComplex())
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"A heat map takes real numbers, and {kernel.Describe()} is complex.") { Target = kernel };
        }
        int[] outputs = kernel.Rank == 4 ? kernel.Shape[2..] : [1, 1];
        ExampleOrder rows = ExampleOrder.By(rowLabels, kernel.Shape[0], outputs[0], "-Label");
        ExampleOrder columns = ExampleOrder.By(columnLabels, kernel.Shape[1], outputs[1], rowLabels is not null && kernel.Shape[0] == kernel.Shape[1] ? "-Label" : "-ColumnLabel");
        return new HeatmapFigure(title ?? Titles.Kernel(kernel), Average(kernel, rows, columns, outputs, mostCells ?? MostCells),
            Axis("x1", kernel.Shape[0], outputs[0], rows), Axis("x2", kernel.Shape[1], outputs[1], columns),
            kernel.Rank == 3 ? $"Kernel, mean over {kernel.Shape[2]:N0}" : "Kernel");
    }

    private static HeatmapAxis Axis(string side, int examples, int outputs, ExampleOrder order) => new(
        $"{(order.Groups.Count > 0 ? "Class of " : "")}{side}{(outputs > 1 ? $", {outputs:N0} outputs each" : order.Groups.Count > 0 ? "" : ", example")}", examples * outputs, order.Groups);

    private static unsafe double[,] Average(NtkTensor kernel, ExampleOrder rows, ExampleOrder columns, int[] outputs, int mostCells)
    {
        int height = kernel.Shape[0] * outputs[0], width = kernel.Shape[1] * outputs[1];
        var cells = new double[Math.Min(height, mostCells), Math.Min(width, mostCells)];
        var counts = new long[cells.GetLength(0), cells.GetLength(1)];
        // The last axis of a diagonal kernel is averaged, that of a full one spread out.
        int inner = kernel.Rank == 3 ? kernel.Shape[2] : outputs[0] * outputs[1];
        int[] rowCells = Cells(rows, outputs[0], height, cells.GetLength(0)), columnCells = Cells(columns, outputs[1], width, cells.GetLength(1));
        for (int n1 = 0; n1 < kernel.Shape[0]; n1++)
        {
            // A row at a time: a kernel may be a file larger than memory.
            using NtkTensor slice = kernel.Slice(n1, 1);
            using NtkTensor row = slice.DType == NtkDType.Float64 ? slice.WithName(null) : slice.AsType(NtkDType.Float64);
            var values = new ReadOnlySpan<double>(row.Pointer, checked((int)row.Count));
            for (int n2 = 0; n2 < kernel.Shape[1]; n2++)
            {
                for (int i = 0; i < inner; i++)
                {
                    (int o1, int o2) = kernel.Rank == 4 ? Math.DivRem(i, outputs[1]) : (0, 0);
                    int r = rowCells[(n1 * outputs[0]) + o1], c = columnCells[(n2 * outputs[1]) + o2];
                    cells[r, c] += values[(n2 * inner) + i];
                    counts[r, c]++;
                }
            }
            GC.KeepAlive(row);
        }
        for (int r = 0; r < cells.GetLength(0); r++)
        {
            for (int c = 0; c < cells.GetLength(1); c++)
            {
                cells[r, c] /= counts[r, c];
            }
        }
        return cells;
    }

    // The cell of each position of the kernel, in the kernel's own order.
    private static int[] Cells(ExampleOrder order, int outputs, int size, int cells)
    {
        var result = new int[size];
        for (int position = 0; position < size; position++)
        {
            int target = (order.Positions[position / outputs] * outputs) + (position % outputs);
            result[position] = (int)((long)target * cells / size);
        }
        return result;
    }
}
