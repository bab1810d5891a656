using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>Which parameters a kernel sums over, and what values they have.</summary>
internal static class ParameterSelection
{
    /// <summary>For each parameter of the model whether it is summed over.</summary>
    /// <exception cref="NtkException">A name matches nothing, or only what is not trainable.</exception>
    public static bool[] Select(NtkModel model, KernelOptions options)
    {
        bool[] eligible = model.Parameters.Select(p => p.DType.IsFloat() && (p.Trainable || options.IncludeNonTrainable)).ToArray();
        if (options.ParameterNames is null)
        {
            return eligible;
        }
        var selected = new bool[eligible.Length];
        foreach (string pattern in options.ParameterNames)
        {
            var names = new NamePattern(Bare(pattern));
            int[] matches = Enumerable.Range(0, eligible.Length).Where(i => names.Matches(Bare(model.Parameters[i].Name))).ToArray();
            if (matches.Length == 0)
            {
                throw new NtkException(NtkErrorId.ParameterNotFound,
                    $"No parameter of {model.Name} matches '{pattern}'. It has: {Some(model.Parameters.Select(p => p.Name))}. See Get-NtkParameter.") { Target = pattern };
            }
            if (!matches.Any(i => eligible[i]))
            {
                throw new NtkException(NtkErrorId.ParameterNotTrainable,
                    $"'{pattern}' matches only parameters that are not trainable ({Some(matches.Select(i => model.Parameters[i].Name))}); add -IncludeNonTrainable to differentiate by them.") { Target = pattern };
            }
            foreach (int i in matches)
            {
                selected[i] |= eligible[i];
            }
        }
        return selected;
    }

    /// <summary>A tensor for each parameter: the file's, or the given one in its place.</summary>
    /// <param name="model">The model.</param>
    /// <param name="session">Its session.</param>
    /// <param name="given">Values by name; null for none.</param>
    /// <param name="floatType">The type computed in.</param>
    /// <param name="owned">Receives the tensors made here.</param>
    public static (Tensor[] Values, bool AreTheFiles) Values(NtkModel model, ModelSession session, IReadOnlyDictionary<string, NtkTensor>? given, ScalarType floatType, List<Tensor> owned)
    {
        Tensor?[] values = (Tensor?[])session.Parameters(floatType).Clone();
        if (given is { Count: > 0 })
        {
            Dictionary<string, int> index = model.Parameters.Select((p, i) => (Bare(p.Name), i)).ToDictionary(p => p.Item1, p => p.i);
            var trace = new Trace(floatType);
            foreach ((string name, NtkTensor value) in given)
            {
                if (!index.TryGetValue(Bare(name), out int i))
                {
                    throw new NtkException(NtkErrorId.ParameterNotFound, $"-Parameter: {model.Name} has no parameter '{name}'. It has: {Some(model.Parameters.Select(p => p.Name))}.") { Target = name };
                }
                NtkParameter parameter = model.Parameters[i];
                if (!parameter.Takes(value.Shape))
                {
                    throw new NtkException(NtkErrorId.ShapeMismatch, $"-Parameter '{name}' has shape {NtkShape.Format(value.Shape)}; the model's is {NtkShape.Format(parameter.Shape)}.") { Target = name };
                }
                Tensor converted = ModelSession.Convert(trace, value);
                owned.Add(converted);
                values[i] = converted;
            }
        }
        int missing = Array.FindIndex(values, v => v is null);
        if (missing >= 0)
        {
            string name = model.Parameters[missing].Name;
            throw new NtkException(NtkErrorId.ParameterValueMissing, $"The file has no value for '{name}': it is an input that takes parameters. Give it as -Parameter @{{ '{name}' = $tensor }}.") { Target = name };
        }
        return (Array.ConvertAll(values, v => v!), given is not { Count: > 0 });
    }

    /// <summary>A name without <c>:0</c>.</summary>
    public static string Bare(string name) => name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;

    private static string Some(IEnumerable<string> names)
    {
        const int Most = 12;
        string[] all = names.ToArray();
        return string.Join(", ", all.Take(Most)) + (all.Length > Most ? $" and {all.Length - Most} more" : "");
    }
}
