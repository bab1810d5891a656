using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>The choice of a ridge by k-fold cross-validation: most right labels, and of equals (or of targets that are no classes) the smallest squared error.</summary>
public sealed record CrossValidation
{
    /// <summary>Parts of the training examples, each predicted from the others.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>The ridges to choose from, in units of the training kernel's mean diagonal.</summary>
    public IReadOnlyList<double> Ridges { get; init; } = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

    /// <summary>Fixes which examples come together.</summary>
    public int Seed { get; init; }

    /// <summary>The ridge that predicts best.</summary>
    /// <param name="kernel">The training kernel, symmetric.</param>
    /// <param name="targets">The targets.</param>
    /// <param name="tell">Told of each ridge's score.</param>
    /// <param name="cancellation">Stops between folds.</param>
    /// <exception cref="NtkException">Fewer examples than folds, or no ridge that makes a fold's kernel positive definite.</exception>
    internal double Choose(Tensor kernel, RegressionTargets targets, Action<string>? tell, CancellationToken cancellation)
    {
        int count = targets.Count;
        if (Folds < 2 || Folds > count)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Fold is {Folds}; cross-validation of {count} examples takes 2 to {count} folds.") { Target = "-Fold" };
        }
        foreach (double ridge in Ridges.Count > 0 ? Ridges : throw new NtkException(NtkErrorId.InvalidArgument, "-RidgeCandidate is empty.") { Target = "-RidgeCandidate" })
        {
            new Regularization(ridge, "-RidgeCandidate").Check();
        }
        using DisposeScope scope = NewDisposeScope();
        Tensor y = KernelMatrix.Real(targets.Values, "-YTrain");
        int[] fold = Divide(targets);
        var errors = new double[Ridges.Count];
        var right = new int[Ridges.Count];
        for (int part = 0; part < Folds; part++)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope inner = NewDisposeScope();
            long[] held = Positions(fold, f => f == part), kept = Positions(fold, f => f != part);
            using Tensor heldIndex = tensor(held), keptIndex = tensor(kept);
            Tensor columns = kernel.index_select(1, keptIndex);
            Tensor training = columns.index_select(0, keptIndex);
            double scale = training.diagonal().mean().ToDouble();
            (Tensor values, Tensor vectors) = linalg.eigh(training);
            Tensor left = columns.index_select(0, heldIndex).mm(vectors), rightSide = vectors.t().mm(y.index_select(0, keptIndex)), wanted = y.index_select(0, heldIndex);
            double least = kept.Length * KernelMatrix.Epsilon(NtkDType.Float64) * values[-1].ToDouble();
            for (int r = 0; r < errors.Length; r++)
            {
                Tensor shifted = values + (Ridges[r] * scale);
                if (shifted[0].ToDouble() <= least)
                {
                    errors[r] = double.PositiveInfinity;
                    continue;
                }
                Tensor scores = left.mm(rightSide / shifted.unsqueeze(1));
                errors[r] += (scores - wanted).square().sum().ToDouble();
                right[r] += targets.Labels is null ? 0 : (int)scores.argmax(1).eq(wanted.argmax(1)).sum().ToInt64();
            }
        }
        int best = Enumerable.Range(0, errors.Length).OrderByDescending(r => double.IsFinite(errors[r]) ? right[r] : -1).ThenBy(r => errors[r]).First();
        if (!double.IsFinite(errors[best]))
        {
            throw new NtkException(NtkErrorId.SingularSystem, $"The training kernel is singular with every ridge tried, up to {Ridges.Max():G3}; give larger ones with -RidgeCandidate.") { Target = "-RidgeCandidate" };
        }
        for (int r = 0; tell is not null && r < errors.Length; r++)
        {
            string accuracy = targets.Labels is null ? "" : $"{100.0 * right[r] / count:F2} % right, ";
            tell($"Ridge {Ridges[r]:G3}: {(double.IsFinite(errors[r]) ? $"{accuracy}mean squared error {errors[r] / y.numel():G4}" : "singular")}{(r == best ? " (chosen)" : "")}.");
        }
        return Ridges[best];
    }

    // Each class is dealt out evenly.
    private int[] Divide(RegressionTargets targets)
    {
        int count = targets.Count;
        int[] order = [.. Enumerable.Range(0, count)];
        new Random(Seed).Shuffle(order);
        if (targets.Labels is { } labels)
        {
            order = [.. order.OrderBy(i => labels[i])];
        }
        var fold = new int[count];
        for (int place = 0; place < count; place++)
        {
            fold[order[place]] = place % Folds;
        }
        return fold;
    }

    private static long[] Positions(int[] fold, Func<int, bool> wanted) => [.. Enumerable.Range(0, fold.Length).Where(i => wanted(fold[i])).Select(i => (long)i)];
}
