using System.Globalization;
using Ntk;

namespace NtkPs;

/// <summary>Completes the names of the model's parameters; where the command has <c>-IncludeNonTrainable</c> and it is not given, of the trainable ones.</summary>
public sealed class ParameterNameCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word) =>
        from parameter in scene.Model()?.Parameters ?? []
        where scene.TakesNonTrainable() || parameter.Trainable
        select new Candidate(parameter.Name, $"{parameter} {parameter.DType}{(parameter.Trainable ? "" : ", not trainable")}");
}

/// <summary>Completes the names of the model's outputs.</summary>
public sealed class OutputNameCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word) =>
        scene.Model()?.Outputs.Select(output => new Candidate(output.Name, output.ToString())) ?? [];
}

/// <summary>Completes the axes of the model's outputs, counted from the end, or from the front where a digit is typed.</summary>
public sealed class AxisCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word)
    {
        string? name = scene.Text("Output");
        NtkTensorSpec? output = scene.Model()?.Outputs.FirstOrDefault(o => name is null || o.Name == name);
        int rank = output?.Shape?.Length ?? 0;
        bool fromFront = word.Length > 0 && char.IsAsciiDigit(word[0]);
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            string size = output!.Shape![axis] < 0 ? "of any size" : $"of {output.Shape[axis]}";
            yield return new Candidate((fromFront ? axis : axis - rank).ToString(CultureInfo.InvariantCulture), $"axis {axis} {size} of {output}");
        }
    }
}

/// <summary>Completes what -VmapAxis takes.</summary>
public sealed class VmapAxisCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word) =>
    [
        new("Auto", "Find the examples' axis and prove it"),
        new("None", "The whole batch is one example: exact, and slower"),
        new("0", "Examples are along axis 0, on the user's word where it cannot be shown"),
        new("0,0", "Axis 0 of the inputs and of the output"),
    ];
}
