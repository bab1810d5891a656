using Ntk.Core.Plots;
using SkiaSharp;
using Xunit;

namespace Ntk.Core.Tests.Plots;

/// <summary>Drawn figures: files by decoding them, text to the letter.</summary>
public sealed class PictureTests : IDisposable
{
    private static readonly CurveFigure Curves = new("Two curves", new FigureAxis("Time (s)", false), new FigureAxis("Loss", false),
        [new Curve("Train", [0, 1, 2], [4, 1, 0]), new Curve("Test", [0, 1, 2], [4, 3, 2])]);

    private static readonly BarFigure Bars = new("Bars", "Share (%)", [new BarPanel(null, [new Bar("a/kernel", 75, "75.0 %"), new Bar("b", -25, "-25.0 %")])]);

    private static readonly HeatmapFigure Heatmap = KernelHeatmap.From(NtkTensor.FromArray(new double[,] { { 4, 0 }, { 0, 2 } }).WithName("out"));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-plots-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<Figure, string[]> Figures => new()
    {
        { Heatmap, ["Tangent kernel of out, N = 2", "x1, example", "x2, example", "Kernel"] },
        { Curves, ["Two curves", "Time (s)", "Loss", "Train", "Test"] },
        { Bars, ["Bars", "a/kernel", "75.0 %", "-25.0 %", "Share (%)"] },
        { Bars with { Panels = [Bars.Panels[0] with { Heading = "Test example 1" }, Bars.Panels[0] with { Heading = "Test example 2" }] }, ["Test example 1", "Test example 2"] },
    };

    [Theory]
    [MemberData(nameof(Figures))]
    public void An_svg_has_the_words_as_text(Figure figure, string[] words)
    {
        PictureFile.Write(New("a.svg"), figure);
        var svg = System.Xml.Linq.XDocument.Load(New("a.svg"));
        Assert.Equal("800", svg.Root!.Attribute("width")!.Value);
        string[] texts = [.. svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim())];
        Assert.All(words, word => Assert.Contains(word, texts));
    }

    [Theory]
    [MemberData(nameof(Figures))]
    public void A_png_has_the_size_asked_for_and_ink_within_white_margins(Figure figure, string[] words)
    {
        Assert.NotEmpty(words);
        PictureFile.Write(New("a.png"), figure, 600, 500);
        using SKBitmap bitmap = SKBitmap.Decode(New("a.png"));
        Assert.Equal((600, 500), (bitmap.Width, bitmap.Height));
        for (int x = 0; x < bitmap.Width; x++)
        {
            Assert.Equal(SKColors.White, bitmap.GetPixel(x, 0));
            Assert.Equal(SKColors.White, bitmap.GetPixel(x, bitmap.Height - 1));
        }
        for (int y = 0; y < bitmap.Height; y++)
        {
            Assert.Equal(SKColors.White, bitmap.GetPixel(0, y));
            Assert.Equal(SKColors.White, bitmap.GetPixel(bitmap.Width - 1, y));
        }
        Assert.InRange(bitmap.Pixels.Count(pixel => pixel != SKColors.White), 2_000, 250_000);
    }

    [Fact]
    public void A_heat_map_has_its_first_row_on_top()
    {
        PictureFile.Write(New("h.png"), Heatmap, 800);
        using SKBitmap bitmap = SKBitmap.Decode(New("h.png"));
        // Viridis: yellow for the largest, at the upper left; dark violet for the smallest.
        SKColor largest = bitmap.GetPixel(250, 200), smallest = bitmap.GetPixel(500, 200), middle = bitmap.GetPixel(500, 500);
        Assert.True(largest.Red > 240 && largest.Green > 220 && largest.Blue < 60, $"{largest}");
        Assert.True(smallest.Red < 80 && smallest.Green < 20 && smallest.Blue > 70, $"{smallest}");
        Assert.True(middle.Green is > 130 and < 160, $"{middle}");
    }

    [Fact]
    public void Files_are_written_whole_or_not_at_all()
    {
        Assert.Equal(NtkErrorId.FormatNotRecognized, Assert.Throws<NtkException>(() => PictureFile.Write(New("a.gif"), Curves)).ErrorId);
        Assert.Equal(NtkErrorId.PathNotFound, Assert.Throws<NtkException>(() => PictureFile.Write(New("no/a.png"), Curves)).ErrorId);
        PictureFile.Write(New("a.png"), Curves, 300);
        Assert.Equal(NtkErrorId.FileExists, Assert.Throws<NtkException>(() => PictureFile.Write(New("a.png"), Bars, overwrite: false)).ErrorId);
        Assert.Equal(["a.png"], _folder.GetFiles().Select(file => file.Name));
    }

    [Fact]
    public void A_heat_map_in_text() => Assert.Equal(
        """
        Tangent kernel of out, N = 2

                   ┌────┐
                 0 │██  │
                 1 │  ▒▒│
                   └────┘
                    0 1
                    rows: x1, example; columns: x2, example
                    Kernel: 0 [  ░░▒▒▓▓██] 4
        """, Text(Heatmap, 72));

    [Fact]
    public void Bars_in_text() => Assert.Equal(
        """
        Bars

        a/kernel   75.0 %  ███████████████████
        b         -25.0 % -██████▍

        Share (%)
        """, Text(Bars, 38));

    [Fact]
    public void Curves_in_text_are_named_where_they_end() => Assert.Equal(
        """
        Two curves

        Loss
                  ┌────────────────────┐
                4 │⢳⠢⣀                 │
                  │ ⢣ ⠑⠤⡀              │
                  │  ⢣  ⠈⠑⠤⡀           │
                3 │   ⢇    ⠈⠑⢄         │
                  │   ⠈⢆      ⠉⠢⣀      │
                  │    ⠈⢆        ⠑⠢⣀   │
                2 │     ⠈⢆          ⠑⠢⡀│ Test
                  │      ⠈⢆           ⠈│
                  │       ⠈⢆           │
                  │        ⠈⢆          │
                1 │         ⠈⢆⡀        │
                  │           ⠈⠒⢄⡀     │
                  │              ⠈⠢⢄   │
                0 │                 ⠉⠢⢄│ Train
                  └────────────────────┘
                   0         1        2
                         Time (s)
        """, Text(Curves, 38));

    [Fact]
    public void Text_keeps_to_the_width()
    {
        HeatmapFigure large = KernelHeatmap.From(NtkTensor.FromArray(new double[200, 200]), mostCells: TextPicture.CellsIn(60));
        foreach (Figure figure in new Figure[] { large, Curves, Bars with { Title = new string('x', 20) + " " + new string('y', 50) } })
        {
            Assert.All(TextPicture.Draw(figure, 60), line => Assert.InRange(line.Length, 0, 60));
        }
    }

    private string New(string name) => Path.Combine(_folder.FullName, name);

    private static string Text(Figure figure, int width) => string.Join("\n", TextPicture.Draw(figure, width));
}
