using System.Globalization;

namespace Ntk.Core.Kernels;

/// <summary>What a kernel took beside what its plan said, line by line.</summary>
internal static class KernelReport
{
    private static readonly (WorkKind Kind, string Name)[] s_parts =
        [(WorkKind.Forward, "forward"), (WorkKind.PullBack, "pulled back"), (WorkKind.Term, "terms"), (WorkKind.Contraction, "contracted"), (WorkKind.Write, "written"), (WorkKind.Other, "other")];

    /// <summary>The lines.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="meter">What was measured, a plan's step under its index.</param>
    /// <param name="seconds">How long it took in all.</param>
    public static IEnumerable<string> Lines(NtkPlan plan, WorkMeter meter, double seconds)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"Kernel of {plan}; measured {Time(seconds)}, {plan.Flops / seconds / 1e9:0.#} GFLOP/s.");
        yield return $"  {string.Join(", ", s_parts.Select(p => (p.Name, Seconds: meter.Measured.Where(m => m.Kind == p.Kind).Sum(m => m.Seconds))).Where(p => p.Seconds > 0).Select(p => $"{p.Name} {Time(p.Seconds)}"))}";
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            NtkPlanStep step = plan.Steps[i];
            double measured = meter.Seconds(WorkKind.Term, i) + meter.Seconds(WorkKind.Contraction, i);
            yield return string.Create(CultureInfo.InvariantCulture,
                $"  {step.Parameter}: {step.Method}, predicted {NtkPlan.Operations(step.Flops)} ({100 * step.Share:0.#} %), measured {Time(measured)} ({100 * measured / seconds:0.#} %)");
        }
    }

    private static string Time(double seconds) => seconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3:0.##} ms") : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.##} s");
}
