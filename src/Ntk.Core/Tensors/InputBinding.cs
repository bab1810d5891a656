namespace Ntk.Core.Tensors;

/// <summary>Fits what a user gives to what a model takes: which tensor is which input, its element type and its shape.</summary>
public static class InputBinding
{
    /// <summary>Tensors by input name, with or without <c>:0</c>, in the inputs' order.</summary>
    /// <param name="given">The tensors.</param>
    /// <param name="specs">The model's inputs.</param>
    /// <param name="argument">The argument they came in, for errors: <c>-X1</c>.</param>
    /// <param name="precision">The type computed in: float64 values stay so where it is that.</param>
    /// <exception cref="NtkException">An input without a tensor, an unknown name, or a tensor that does not fit.</exception>
    public static IReadOnlyList<NtkTensor> ByName(IReadOnlyDictionary<string, NtkTensor> given, IReadOnlyList<NtkTensorSpec> specs, string argument, NtkPrecision precision = NtkPrecision.Single)
    {
        var bound = new NtkTensor?[specs.Count];
        foreach ((string name, NtkTensor tensor) in given)
        {
            int input = IndexOf(specs, name);
            if (input < 0)
            {
                throw Mismatch($"{argument} names an input '{name}'; the model's are {Names(specs)}.", name);
            }
            if (bound[input] is not null)
            {
                throw Mismatch($"{argument} has two values for the input '{specs[input].Name}', with and without :0.", name);
            }
            bound[input] = Conform(tensor, specs[input], specs.Count == 1 ? argument : $"{argument}['{specs[input].Name}']", precision);
        }
        int missing = Array.IndexOf(bound, null);
        return missing < 0 ? Array.ConvertAll(bound, tensor => tensor!) : throw Mismatch($"{argument} has no value for the input {specs[missing]}.{Feeding(specs)}", specs[missing].Name);
    }

    /// <summary>Tensors in order: the one of a model with one input, or as many as a model has whose inputs its author put in order.</summary>
    /// <param name="given">The tensors.</param>
    /// <param name="specs">The model's inputs.</param>
    /// <param name="ordered">Whether the model's format orders its inputs (Keras's does, a signature does not).</param>
    /// <param name="argument">The argument they came in.</param>
    /// <param name="precision">The type computed in.</param>
    /// <exception cref="NtkException">Another number of tensors, inputs without an order, or a tensor that does not fit.</exception>
    public static IReadOnlyList<NtkTensor> InOrder(IReadOnlyList<NtkTensor> given, IReadOnlyList<NtkTensorSpec> specs, bool ordered, string argument, NtkPrecision precision = NtkPrecision.Single)
    {
        string byName = $"Give a dictionary by name, as in {argument} @{{ {string.Join("; ", specs.Select(s => $"'{s.Name}' = …"))} }}.";
        if (given.Count != specs.Count)
        {
            throw Mismatch(specs.Count == 1
                ? $"{argument} has {given.Count} tensors, and the model takes one: {specs[0]}."
                : $"{argument} has {(given.Count == 1 ? "one tensor" : $"{given.Count} tensors")}, and the model takes {specs.Count}: {string.Join("; ", specs)}. {byName}{Feeding(specs)}", argument);
        }
        if (specs.Count > 1 && !ordered)
        {
            throw Mismatch($"{argument} is a list, but this format does not order its inputs {Names(specs)}. {byName}", argument);
        }
        var bound = new NtkTensor[specs.Count];
        for (int i = 0; i < bound.Length; i++)
        {
            bound[i] = Conform(given[i], specs[i], specs.Count == 1 ? argument : $"{argument}[{i}] ('{specs[i].Name}')", precision);
        }
        return bound;
    }

    /// <summary>A tensor in the input's element type (where that loses nothing) and rank; flat rows fill an input shape of the same count.</summary>
    /// <exception cref="NtkException">Another rank or size, or values that the type cannot hold.</exception>
    public static NtkTensor Conform(NtkTensor value, NtkTensorSpec spec, string argument, NtkPrecision precision = NtkPrecision.Single)
    {
        if (spec.DType == NtkDType.String)
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"The input '{spec.Name}' takes text, which has no kernel; cut the graph behind it with Import-NtkModel -InputTensor.") { Target = spec.Name };
        }
        NtkTensor shaped = Fill(value, spec.Shape);
        if (spec.Shape is { } expected)
        {
            bool fits = shaped.Rank == expected.Length;
            for (int axis = 0; fits && axis < expected.Length; axis++)
            {
                // A model made for one example at a time runs each of several alone.
                fits = expected[axis] < 0 || shaped.Shape[axis] == expected[axis] || (axis == 0 && expected[0] == 1);
            }
            if (!fits)
            {
                throw Mismatched(value, spec, argument);
            }
        }
        return ToType(shaped, spec.DType, argument, precision);
    }

    /// <summary>A value for a parameter: of its shape (where the file knows one) and element type.</summary>
    /// <exception cref="NtkException">Another shape, or values that the type cannot hold.</exception>
    public static NtkTensor ConformParameter(NtkTensor value, NtkParameter parameter, NtkPrecision precision = NtkPrecision.Single)
    {
        if (!parameter.Takes(value.Shape))
        {
            bool free = !NtkParameter.HasShape(parameter.Shape);
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"-Parameter: '{parameter.Name}' has the shape {NtkShape.Format(parameter.Shape)}{(free ? " (? is any size)" : "")}, and the value given {NtkShape.Format(value.Shape)}.") { Target = parameter.Name };
        }
        return ToType(value, parameter.DType, $"-Parameter '{parameter.Name}'", precision);
    }

    /// <summary>The number of rows of the first axis with NaN or infinity in them.</summary>
    public static unsafe long CountRowsNotFinite(NtkTensor tensor)
    {
        if (!tensor.DType.IsFloat())
        {
            return 0;
        }
        NtkTensor values = tensor.DType is NtkDType.Float32 or NtkDType.Float64 ? tensor : tensor.AsType(NtkDType.Float32);
        long count = 0, length = values.RowLength;
        for (long row = 0; row < values.RowCount; row++)
        {
            bool found = false;
            for (long i = row * length; !found && i < (row + 1) * length; i++)
            {
                found = values.DType == NtkDType.Float32 ? !float.IsFinite(((float*)values.Pointer)[i]) : !double.IsFinite(((double*)values.Pointer)[i]);
            }
            count += found ? 1 : 0;
        }
        GC.KeepAlive(values);
        return count;
    }

    // What is computed in float64 is not rounded to float32 on its way in.
    private static NtkTensor ToType(NtkTensor value, NtkDType dtype, string argument, NtkPrecision precision) =>
        precision == NtkPrecision.Double && dtype.IsFloat() && value.DType == NtkDType.Float64 ? value : LosslessCast.To(value, dtype, argument);

    // Rows of numbers as a table has them, (N, F) or (N,), where the input is (N, …) with F elements an example.
    private static NtkTensor Fill(NtkTensor value, int[]? expected)
    {
        if (expected is null || expected.Length < 2 || value.Rank is 0 or > 2 || value.Rank == expected.Length || Array.Exists(expected[1..], size => size < 0))
        {
            return value;
        }
        return value.RowLength == NtkShape.Count(expected, 1) ? value.Reshape([value.Shape[0], .. expected[1..]]) : value;
    }

    private static NtkException Mismatched(NtkTensor value, NtkTensorSpec spec, string argument)
    {
        int[] expected = spec.Shape!;
        int[] given = value.Shape;
        string fix = given.Length == expected.Length - 1 && Agrees(given, expected.AsSpan(1))
            ? $" For one example, add the batch axis: $x.Reshape(1, {string.Join(", ", given)})."
            : given.Length == expected.Length && Agrees(given.AsSpan(1), expected.AsSpan(1))
                ? $" The model was made for batches of {expected[0]}."
                : given.Length == expected.Length + 1 && given[^1] == 1 && Agrees(given.AsSpan(0, given.Length - 1), expected)
                    ? $" Drop the last axis: $x.Reshape({string.Join(", ", given[..^1])})."
                    : " (? is any size.)";
        return new NtkException(NtkErrorId.ShapeMismatch, $"{argument} has the shape {NtkShape.Format(given)}, and the input '{spec.Name}' takes {NtkShape.Format(expected)}.{fix}") { Target = spec.Name };
    }

    private static bool Agrees(ReadOnlySpan<int> given, ReadOnlySpan<int> expected)
    {
        for (int axis = 0; axis < given.Length; axis++)
        {
            if (expected[axis] >= 0 && expected[axis] != given[axis])
            {
                return false;
            }
        }
        return true;
    }

    // Placeholders of TF 1 beside the data: scalars, and those of no stated rank where others have one.
    private static string Feeding(IReadOnlyList<NtkTensorSpec> specs)
    {
        NtkTensorSpec[] aside = specs.Where(s => s.Shape is [] || (s.Shape is null && specs.Any(o => o.Shape is [_, ..]))).ToArray();
        return aside.Length == 0 ? "" : " What is no data (keep_prob of a dropout, is_training) takes its value when the model is read: Import-NtkModel … -Feed " +
            $"@{{ {string.Join("; ", aside.Select(s => $"'{s.Name}' = {(s.DType == NtkDType.Bool ? "$false" : "…")}"))} }}.";
    }

    private static int IndexOf(IReadOnlyList<NtkTensorSpec> specs, string name)
    {
        for (int i = 0; i < specs.Count; i++)
        {
            if (Bare(specs[i].Name) == Bare(name))
            {
                return i;
            }
        }
        return -1;
    }

    private static string Bare(string name) => name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;

    private static string Names(IReadOnlyList<NtkTensorSpec> specs) => string.Join(", ", specs.Select(s => $"'{s.Name}'"));

    private static NtkException Mismatch(string message, object target) => new(NtkErrorId.InputMismatch, message) { Target = target };
}
