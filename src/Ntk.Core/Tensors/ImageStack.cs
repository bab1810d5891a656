namespace Ntk.Core.Tensors;

/// <summary>Images of one size, put one by one into a tensor.</summary>
/// <param name="capacity">The most images that will come.</param>
/// <param name="options">Size and channels; without a size the first image's is everyone's.</param>
/// <param name="scale">What the values 0 to 255 are multiplied by.</param>
/// <param name="offset">What is added then.</param>
public sealed unsafe class ImageStack(int capacity, ImageOptions options, float scale, float offset)
{
    private NtkTensor? _images;
    private string _first = "";
    private int _count;

    /// <summary>The images so far, float32 (N, height, width, channels); null without any.</summary>
    public NtkTensor? Images => _count == 0 ? null : _images!.Slice(0, _count).WithName("images");

    /// <summary>Reads one more.</summary>
    /// <exception cref="NtkException">It cannot be read, or has another size than the first.</exception>
    public void Add(string path)
    {
        using NtkTensor image = ImageFile.Read(path, options);
        if (_images is null)
        {
            _images = NtkTensor.Allocate(NtkDType.Float32, [capacity, .. image.Shape]);
            _first = path;
        }
        else if (!_images.Shape.AsSpan(1).SequenceEqual(image.Shape))
        {
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"'{path}' has {image.Shape[0]} x {image.Shape[1]} pixels where '{Path.GetFileName(_first)}' has {_images.Shape[1]} x {_images.Shape[2]}; give a -Size that all are stretched to.") { Target = path };
        }
        float* target = (float*)_images.Pointer + (_count * image.Count);
        for (long i = 0; i < image.Count; i++)
        {
            target[i] = (image.Pointer[i] * scale) + offset;
        }
        GC.KeepAlive(_images);
        _count++;
    }
}
