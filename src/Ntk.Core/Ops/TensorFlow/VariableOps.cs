using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Constants and variables. Variables keep their values: what an inference graph assigns is its own bookkeeping.</summary>
internal static class VariableOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Const", Constant),
        new("VarHandleOp", c => OpResult.Of(new VariableHandle(Known(c)))),
        new("ReadVariableOp", c => c.Tracer.Parameter(c.Handle<VariableHandle>(0))),
        new("Variable", c => c.Tracer.Parameter(new VariableHandle(Known(c)))), new("VariableV2", c => c.Tracer.Parameter(new VariableHandle(Known(c)))),
        new("VariableShape", c => c.Trace.Constant(tensor(c.Tracer.Parameter(c.Handle<VariableHandle>(0)).Shape, ScalarType.Int64).to(c.Type("out_type", DataType.DtInt32)))),
        new("VarIsInitializedOp", c => c.Trace.Constant(tensor(true))), new("IsVariableInitialized", c => c.Trace.Constant(tensor(true))),
        new("DisableCopyOnRead", _ => OpResult.Of()), new("AssignVariableOp", _ => OpResult.Of()),
        new("AssignAddVariableOp", _ => OpResult.Of()), new("AssignSubVariableOp", _ => OpResult.Of()),
    ];

    private static OpResult Constant(OpContext c)
    {
        _ = c.FileType("dtype", DataType.DtFloat);
        TensorProto proto = c.Tensor("value");
        if (c.Node.Parameter is { } parameter)
        {
            return c.Tracer.Parameter(new VariableHandle(parameter));
        }
        if (proto.Dtype == DataType.DtString)
        {
            return OpResult.Of(new StringTensor(proto.StringVal.Select(s => s.ToStringUtf8()).ToArray()));
        }
        using NtkTensor tensor = TensorProtos.ToTensor(proto);
        return c.Trace.Constant(tensor);
    }

    private static int Known(OpContext c) =>
        c.Node.Parameter ?? throw new NtkException(NtkErrorId.VariablesMissing, "the checkpoint beside the model has no value of this variable");
}
