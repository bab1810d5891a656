using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Kernels;

/// <summary>How small a variable's cotangent stays (see <see cref="Cotangent"/>).</summary>
internal enum CotangentForm
{
    /// <summary>None arrives.</summary>
    None,
    /// <summary>All examples share the rows.</summary>
    Shared,
    /// <summary>Shared rows, times a mask of each example.</summary>
    Masked,
    /// <summary>Each example has its own rows.</summary>
    Full,
}

/// <summary>Follows the forms of cotangents through a program, as <see cref="TilePass"/> will meet them.</summary>
internal static class CotangentForms
{
    /// <summary>The form of each variable's cotangent.</summary>
    public static CotangentForm[] Of(TracedModel model)
    {
        Program program = model.Program;
        var forms = new CotangentForm[program.Variables.Length];
        forms[model.Output] = model.IsBatched ? CotangentForm.Shared : CotangentForm.Full;
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = program.Equations[e];
            for (int i = 0; forms[equation.Output] != CotangentForm.None && i < equation.Operands.Length; i++)
            {
                int o = equation.Operands[i];
                if (model.PullsTo(equation, i))
                {
                    CotangentForm pulled = Pulled(model, equation, i, forms[equation.Output]);
                    forms[o] = forms[o] == CotangentForm.None || (forms[o] == CotangentForm.Shared && pulled == CotangentForm.Shared) ? pulled : CotangentForm.Full;
                }
            }
        }
        return forms;
    }

    /// <summary>The form in which a cotangent leaves an equation by an operand.</summary>
    public static CotangentForm Pulled(TracedModel model, Equation equation, int operand, CotangentForm form)
    {
        if (form == CotangentForm.Shared && StaysShared(model, equation, operand))
        {
            return CotangentForm.Shared;
        }
        TensorType type = model.Program.Variables[equation.Output].Type;
        bool keepsShape = model.Program.Variables[equation.Operands[operand]].Type.Same(type) && !type.DType.IsComplex();
        // Only what multiplies the rows differs between examples: it stays apart from them. (A complex conjugate would not: it turns the rows as well.)
        return form is CotangentForm.Shared or CotangentForm.Masked && equation.Primitive is Elementwise && keepsShape ? CotangentForm.Masked : CotangentForm.Full;
    }

    // Where all examples have one cotangent and the equation has no other factor that differs between them, so do its operands.
    private static bool StaysShared(TracedModel model, Equation equation, int operand)
    {
        if (model.Unit is null || !equation.Primitive.IsLinear(operand))
        {
            return false;
        }
        for (int j = 0; j < equation.Operands.Length; j++)
        {
            if (j != operand && model.Carries(equation.Operands[j]) && equation.Primitive.VjpReads(operand, j))
            {
                return false;
            }
        }
        return !equation.Primitive.VjpReadsOutput(operand);
    }
}
