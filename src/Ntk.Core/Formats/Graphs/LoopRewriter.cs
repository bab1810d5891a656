using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>
/// Turns the loops of TF 1 (Enter, Merge, LoopCond, Switch, NextIteration and Exit nodes in a circle) into single nodes with a condition and a body,
/// as While is, inner loops first.
/// </summary>
internal sealed class LoopRewriter
{
    private readonly List<GraphNode> _nodes;
    private readonly Dictionary<string, Frame> _frames = [];
    private readonly Dictionary<int, Frame> _exits = [];

    private LoopRewriter(List<GraphNode> nodes) => _nodes = nodes;

    /// <summary>Rewrites all loops of a graph in place.</summary>
    public static void Rewrite(List<GraphNode> nodes)
    {
        if (nodes.Any(n => n.Op == "Enter"))
        {
            var rewriter = new LoopRewriter(nodes);
            rewriter.FindFrames();
            foreach (Frame frame in rewriter._frames.Values)
            {
                rewriter.Rewrite(frame);
            }
        }
    }

    private sealed class Frame(string name)
    {
        public string Name => name;

        public List<int> Invariants { get; } = [];

        // Enter, Merge, Switch (−1 when the variable is only read by the condition), NextIteration and Exit (−1) of each loop variable.
        public List<(int Enter, int Merge, int Switch, int Next, int Exit)> Variables { get; } = [];

        public int Condition { get; set; } = -1;

        public bool Begun { get; set; }
    }

    private void FindFrames()
    {
        var readers = new List<int>[_nodes.Count];
        for (int i = 0; i < _nodes.Count; i++)
        {
            foreach (TensorRef input in _nodes[i].Inputs)
            {
                (readers[input.Node] ??= []).Add(i);
            }
        }
        for (int i = 0; i < _nodes.Count; i++)
        {
            if (_nodes[i].Op != "Enter")
            {
                continue;
            }
            string name = _nodes[i].Attributes.TryGetValue("frame_name", out AttrValue? value) ? value.S.ToStringUtf8() : "";
            if (!_frames.TryGetValue(name, out Frame? frame))
            {
                _frames[name] = frame = new Frame(name);
            }
            int merge = (readers[i] ?? []).FirstOrDefault(r => _nodes[r].Op == "Merge", -1);
            if (merge < 0)
            {
                frame.Invariants.Add(i);
                continue;
            }
            int next = _nodes[merge].Inputs.Select(t => t.Node).FirstOrDefault(n => _nodes[n].Op == "NextIteration", -1);
            int choice = (readers[merge] ?? []).FirstOrDefault(r => _nodes[r].Op == "Switch" && _nodes[_nodes[r].Inputs[1].Node].Op == "LoopCond", -1);
            int exit = choice < 0 ? -1 : (readers[choice] ?? []).FirstOrDefault(r => _nodes[r].Op == "Exit", -1);
            if (next < 0)
            {
                throw new InvalidDataException($"the loop '{name}' has no NextIteration for '{_nodes[i].Name}'");
            }
            frame.Variables.Add((i, merge, choice, next, exit));
            if (choice >= 0)
            {
                frame.Condition = _nodes[choice].Inputs[1].Node;
                foreach (int reader in (readers[choice] ?? []).Where(r => _nodes[r].Op == "Exit"))
                {
                    _exits[reader] = frame;
                }
            }
        }
    }

    private void Rewrite(Frame frame)
    {
        if (frame.Begun)
        {
            return;
        }
        frame.Begun = true;
        if (frame.Condition < 0)
        {
            throw new InvalidDataException($"the loop '{frame.Name}' has no condition");
        }
        FlatGraph condition = Extract(frame, [_nodes[frame.Condition].Inputs[0]]);
        FlatGraph body = Extract(frame, frame.Variables.Select(v => _nodes[v.Next].Inputs[0]).ToArray());
        var loop = new GraphNode(frame.Name, GraphNode.LoopOp, new Dictionary<string, AttrValue>())
        {
            Loop = (condition, body),
            Inputs = frame.Variables.Select(v => v.Enter).Concat(frame.Invariants).Select(e => _nodes[e].Inputs[0]).ToArray(),
        };
        _nodes.Add(loop);
        for (int i = 0; i < frame.Variables.Count; i++)
        {
            // Whatever leaves the loop is an output of the loop node now.
            foreach (int exit in _exits.Keys.Where(e => _nodes[e].Op == "Exit" && _nodes[e].Inputs[0].Node == frame.Variables[i].Switch).ToArray())
            {
                _nodes[exit].Op = "Identity";
                _nodes[exit].Inputs = [new TensorRef(_nodes.Count - 1, i)];
            }
        }
    }

    // Copies what the targets need of one iteration: loop variables and invariants become arguments.
    private FlatGraph Extract(Frame frame, TensorRef[] targets)
    {
        var copies = new List<GraphNode>();
        var arguments = new Dictionary<int, int>();
        void Argument(int node, int index)
        {
            if (node >= 0)
            {
                arguments[node] = index;
            }
        }
        for (int i = 0; i < frame.Variables.Count; i++)
        {
            Argument(frame.Variables[i].Merge, i);
            Argument(frame.Variables[i].Switch, i);
        }
        for (int i = 0; i < frame.Invariants.Count; i++)
        {
            Argument(frame.Invariants[i], frame.Variables.Count + i);
        }
        int count = frame.Variables.Count + frame.Invariants.Count;
        for (int i = 0; i < count; i++)
        {
            copies.Add(new GraphNode($"{frame.Name}/{i}", GraphNode.ArgumentOp, new Dictionary<string, AttrValue>()));
        }
        var copied = new Dictionary<int, int>();
        var pending = new Stack<int>();
        TensorRef Copy(TensorRef original)
        {
            if (arguments.TryGetValue(original.Node, out int argument))
            {
                return new TensorRef(argument, 0);
            }
            if (!copied.TryGetValue(original.Node, out int copy))
            {
                if (_exits.TryGetValue(original.Node, out Frame? inner) && _nodes[original.Node].Op == "Exit" && inner != frame)
                {
                    Rewrite(inner);
                }
                copied[original.Node] = copy = copies.Count;
                GraphNode node = _nodes[original.Node];
                copies.Add(new GraphNode(node.Name, node.Op, node.Attributes) { Parameter = node.Parameter, Loop = node.Loop, Gradient = node.Gradient });
                pending.Push(original.Node);
            }
            return new TensorRef(copy, original.Output);
        }
        TensorRef[] outputs = Array.ConvertAll(targets, Copy);
        while (pending.Count > 0)
        {
            int original = pending.Pop();
            copies[copied[original]].Inputs = Array.ConvertAll(_nodes[original].Inputs, Copy);
            // The pivots of conditionals inside the loop; the loop's own are alive in every iteration.
            copies[copied[original]].Controls = _nodes[original].Controls.Where(c => IsConditional(c, arguments)).Select(c => Copy(new TensorRef(c, 0)).Node).ToArray();
        }
        return new FlatGraph(copies, Enumerable.Range(0, count).Select(i => new TensorRef(i, 0)).ToArray(), outputs);
    }

    private bool IsConditional(int control, Dictionary<int, int> arguments)
    {
        GraphNode node = _nodes[control];
        return node.Op == "Switch" ? !arguments.ContainsKey(control)
            : node.Op == "Identity" && node.Inputs is [var input] && _nodes[input.Node].Op == "Switch" && !arguments.ContainsKey(input.Node);
    }
}
