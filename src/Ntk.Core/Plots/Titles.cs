namespace Ntk.Core.Plots;

/// <summary>Titles that say what is shown, of which model, and of how many examples.</summary>
internal static class Titles
{
    /// <summary>A kernel's title.</summary>
    public static string Kernel(NtkTensor kernel) => $"Tangent kernel{Of(kernel)}, {Examples(kernel)}";

    /// <summary>A name after what it is the name of: <c> of cnn, dense_1</c>; nothing where it is not known.</summary>
    public static string Of(NtkTensor kernel) => Name(kernel) is { } name ? $" of {name}" : "";

    /// <summary>The model's name and its output's, as far as they are known.</summary>
    public static string? Name(NtkTensor kernel)
    {
        string[] parts = [.. new[] { kernel.Origin, kernel.Name }.OfType<string>().Where(part => part.Length > 0)];
        return parts.Length == 0 ? null : string.Join(", ", parts);
    }

    /// <summary>How many examples: <c>N = 1,000</c>, or both sides' numbers.</summary>
    public static string Examples(NtkTensor kernel) => kernel.Shape[0] == kernel.Shape[1] ? $"N = {kernel.Shape[0]:N0}" : $"N = {kernel.Shape[0]:N0} × {kernel.Shape[1]:N0}";
}
