using SkiaSharp;

namespace Ntk.Core.Tensors;

/// <summary>How images become numbers.</summary>
/// <param name="Height">Rows; null for the image's own.</param>
/// <param name="Width">Columns; null for the image's own.</param>
/// <param name="Grayscale">Whether there is one channel, ITU-R 601 luma, instead of red, green and blue.</param>
public sealed record ImageOptions(int? Height, int? Width, bool Grayscale)
{
    /// <summary>The last axis's size.</summary>
    public int Channels => Grayscale ? 1 : 3;
}

/// <summary>
/// Images as tensors, the way Keras loads them: (height, width, channels), 0 to 255, transparency dropped, the file's own pixel order (no rotation by EXIF).
/// </summary>
public static unsafe class ImageFile
{
    /// <summary>Extensions of the formats that can be read.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"];

    /// <summary>Whether a path looks like an image's.</summary>
    public static bool IsImage(string path) => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>Reads an image; one of another size is stretched, smoothly.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Size and channels.</param>
    /// <returns>uint8 (height, width, channels), under the file's name without extension.</returns>
    /// <exception cref="NtkException">No such file, a damaged one, or no image; or the library that reads images does not load.</exception>
    public static NtkTensor Read(string path, ImageOptions options)
    {
        using FileStream stream = TensorFile.Open(path);
        try
        {
            return Decode(stream, path, options);
        }
        catch (Exception e) when (e is DllNotFoundException || e is TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new NtkException(NtkErrorId.EngineNotLoaded, $"The library that reads images (Skia) does not load on this machine: {(e.InnerException ?? e).Message.Split('\n')[0]}", e) { Target = path };
        }
    }

    private static NtkTensor Decode(FileStream stream, string path, ImageOptions options)
    {
        using SKCodec? codec = SKCodec.Create(stream);
        if (codec is null)
        {
            throw new NtkException(IsImage(path) ? NtkErrorId.FileCorrupt : NtkErrorId.FormatNotRecognized,
                $"'{path}' is not an image that can be read ({string.Join(", ", Extensions)}); is it damaged?") { Target = path };
        }
        // No colour space: the numbers in the file, as other readers give them. Not premultiplied: what is transparent keeps its colour.
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul, null);
        using var bitmap = new SKBitmap(info);
        if (codec.GetPixels(info, bitmap.GetPixels()) is var result and not SKCodecResult.Success)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' cannot be read: {(result == SKCodecResult.IncompleteInput ? "it ends early; was it cut off?" : $"its image data is damaged ({result}).")}") { Target = path };
        }
        string name = Path.GetFileNameWithoutExtension(path);
        int height = options.Height ?? info.Height, width = options.Width ?? info.Width;
        if (height == info.Height && width == info.Width)
        {
            return Channels(bitmap, options, name);
        }
        // Opaque, so that resizing does not let transparency weigh the colours.
        using var opaque = new SKBitmap();
        opaque.InstallPixels(info.WithAlphaType(SKAlphaType.Opaque), bitmap.GetPixels(), bitmap.RowBytes);
        // Mipmaps average what is made smaller; without them thin lines come and go.
        using SKBitmap resized = opaque.Resize(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque, null), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear))
            ?? throw new NtkException(NtkErrorId.OutOfMemory, $"'{path}' could not be resized to {height} x {width}.") { Target = path };
        return Channels(resized, options, name);
    }

    private static NtkTensor Channels(SKBitmap bitmap, ImageOptions options, string name)
    {
        NtkTensor tensor = NtkTensor.Allocate(NtkDType.UInt8, [bitmap.Height, bitmap.Width, options.Channels], name);
        byte* target = tensor.Pointer;
        for (int y = 0; y < bitmap.Height; y++)
        {
            byte* pixel = (byte*)bitmap.GetPixels() + ((long)y * bitmap.RowBytes);
            for (int x = 0; x < bitmap.Width; x++, pixel += 4)
            {
                if (options.Grayscale)
                {
                    // 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded, as Pillow's mode L.
                    *target++ = (byte)(((pixel[0] * 19595) + (pixel[1] * 38470) + (pixel[2] * 7471) + 0x8000) >> 16);
                    continue;
                }
                *target++ = pixel[0];
                *target++ = pixel[1];
                *target++ = pixel[2];
            }
        }
        GC.KeepAlive(tensor);
        return tensor;
    }
}
