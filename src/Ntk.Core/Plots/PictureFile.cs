using Ntk.Core.Tensors;
using SkiaSharp;

namespace Ntk.Core.Plots;

/// <summary>Figures as .png and .svg files.</summary>
public static class PictureFile
{
    /// <summary>The smallest and the largest width or height, in pixels: below there is no room for words, above none in memory.</summary>
    public const int Smallest = 200, Largest = 10_000;

    // What lengths within a picture refer to; a picture of another width is the same, larger or smaller.
    private const float NominalWidth = 800;
    private const int PngWidth = 1600;
    private const int SvgWidth = 800;

    /// <summary>Checks that a path says which format is wanted.</summary>
    /// <exception cref="NtkException">Another extension than .png or .svg.</exception>
    public static PictureFormat Format(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".png" => PictureFormat.Png,
        ".svg" => PictureFormat.Svg,
        var extension => throw new NtkException(NtkErrorId.FormatNotRecognized, extension.Length == 0
            ? $"'{path}' has no extension; pictures are written to .png or .svg files."
            : $"'{path}': '{extension}' is neither .png nor .svg.") { Target = path },
    };

    /// <summary>Draws a figure into a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="figure">What to draw.</param>
    /// <param name="width">Pixels; null for 1600 in a .png, 800 in a .svg.</param>
    /// <param name="height">Pixels; null for what suits the figure.</param>
    /// <param name="overwrite">Whether to overwrite a file that exists.</param>
    /// <param name="warn">Told where this machine has no font.</param>
    /// <exception cref="NtkException">The file cannot be written, or the drawing library does not load.</exception>
    public static void Write(string path, Figure figure, int? width = null, int? height = null, bool overwrite = true, Action<string>? warn = null)
    {
        PictureFormat format = Format(path);
        try
        {
            Write(path, format, figure, width ?? (format == PictureFormat.Png ? PngWidth : SvgWidth), height, overwrite, warn);
        }
        catch (Exception e) when (e is DllNotFoundException || e is TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new NtkException(NtkErrorId.EngineNotLoaded, $"The drawing library (Skia) does not load on this machine: {(e.InnerException ?? e).Message.Split('\n')[0]} Use -AsText for a picture in the terminal.", e);
        }
    }

    // A method of its own, so that the drawing library is loaded within the try.
    private static void Write(string path, PictureFormat format, Figure figure, int width, int? height, bool overwrite, Action<string>? warn)
    {
        float scale = width / NominalWidth;
        int pixels = height ?? (int)Math.Clamp(FigureDrawing.NaturalHeight(figure) * scale, Smallest, Largest);
        if (!FigureDrawing.HasFont)
        {
            warn?.Invoke("This machine has no font that the drawing library finds, so the picture is without words; install one (on Debian and Ubuntu: apt install fonts-dejavu-core).");
        }
        AtomicFile.Write(path, overwrite, stream =>
        {
            if (format == PictureFormat.Svg)
            {
                using SKCanvas canvas = SKSvgCanvas.Create(SKRect.Create(width, pixels), stream);
                Draw(canvas, figure, scale, width, pixels);
                return;
            }
            using SKSurface surface = SKSurface.Create(new SKImageInfo(width, pixels, SKColorType.Rgba8888, SKAlphaType.Premul))
                ?? throw new NtkException(NtkErrorId.OutOfMemory, $"There is no memory for a picture of {width:N0} x {pixels:N0} pixels.");
            Draw(surface.Canvas, figure, scale, width, pixels);
            using SKImage image = surface.Snapshot();
            using SKData data = image.Encode(SKEncodedImageFormat.Png, 100);
            data.SaveTo(stream);
        });
    }

    private static void Draw(SKCanvas canvas, Figure figure, float scale, int width, int height)
    {
        canvas.Clear(SKColors.White);
        canvas.Scale(scale);
        FigureDrawing.Draw(canvas, figure, width / scale, height / scale);
        canvas.Flush();
    }
}

/// <summary>The file formats of pictures.</summary>
public enum PictureFormat
{
    /// <summary>Pixels.</summary>
    Png,
    /// <summary>Shapes and words.</summary>
    Svg,
}
