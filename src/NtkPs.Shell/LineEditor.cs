using System.Text;

namespace NtkPs.Shell;

/// <summary>Edits one line: cursor keys, words, history, completion by Tab. Where the terminal cannot, plain reading.</summary>
internal sealed class LineEditor(Func<string, int, Completion> complete)
{
    private readonly List<string> _history = [];
    private readonly StringBuilder _text = new();
    private string _prompt = "";
    private int _cursor;
    private int _historyIndex;
    private int _drawnRow;
    private Completion? _completion;
    private int _choice;

    /// <summary>Whether the last line was given up with Ctrl+C.</summary>
    public bool Canceled { get; private set; }

    /// <summary>A line without its end; null at the end of input.</summary>
    public string? ReadLine(string prompt)
    {
        Canceled = false;
        if (!Terminal.CanEdit)
        {
            Console.Write(prompt);
            return Console.In.ReadLine();
        }
        _prompt = prompt;
        _text.Clear();
        _cursor = 0;
        _drawnRow = 0;
        _historyIndex = _history.Count;
        Console.TreatControlCAsInput = true;
        try
        {
            Draw();
            while (true)
            {
                ConsoleKeyInfo key = Console.ReadKey(intercept: true);
                if (key.Key == ConsoleKey.Enter || Canceled)
                {
                    return Finish(_text.ToString());
                }
                if (key.Key == ConsoleKey.D && key.Modifiers == ConsoleModifiers.Control && _text.Length == 0)
                {
                    Finish("");
                    return null;
                }
                if (key.Key == ConsoleKey.C && key.Modifiers == ConsoleModifiers.Control)
                {
                    Canceled = true;
                    return Finish("");
                }
                if (key.Key != ConsoleKey.Tab)
                {
                    _completion = null;
                }
                Handle(key);
                // A pasted text is drawn once, not at each of its characters.
                if (!Console.KeyAvailable)
                {
                    Draw();
                }
            }
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private void Handle(ConsoleKeyInfo key)
    {
        bool control = key.Modifiers.HasFlag(ConsoleModifiers.Control);
        switch (key.Key)
        {
            case ConsoleKey.LeftArrow:
                _cursor = control ? WordStart() : Math.Max(0, _cursor - 1);
                break;
            case ConsoleKey.RightArrow:
                _cursor = control ? WordEnd() : Math.Min(_text.Length, _cursor + 1);
                break;
            case ConsoleKey.Home or ConsoleKey.A when control || key.Key == ConsoleKey.Home:
                _cursor = 0;
                break;
            case ConsoleKey.End or ConsoleKey.E when control || key.Key == ConsoleKey.End:
                _cursor = _text.Length;
                break;
            case ConsoleKey.UpArrow:
                Recall(-1);
                break;
            case ConsoleKey.DownArrow:
                Recall(1);
                break;
            case ConsoleKey.Backspace when _cursor > 0:
                Delete(control ? WordStart() : _cursor - 1, _cursor);
                break;
            case ConsoleKey.W when control:
                Delete(WordStart(), _cursor);
                break;
            case ConsoleKey.Delete when _cursor < _text.Length:
                Delete(_cursor, _cursor + 1);
                break;
            case ConsoleKey.U when control:
                Delete(0, _cursor);
                break;
            case ConsoleKey.K when control:
                Delete(_cursor, _text.Length);
                break;
            case ConsoleKey.Escape:
                Delete(0, _text.Length);
                break;
            case ConsoleKey.L when control:
                Console.Clear();
                _drawnRow = 0;
                break;
            case ConsoleKey.Tab:
                Complete(key.Modifiers.HasFlag(ConsoleModifiers.Shift) ? -1 : 1);
                break;
            default:
                if (!char.IsControl(key.KeyChar))
                {
                    _text.Insert(_cursor++, key.KeyChar);
                }
                break;
        }
    }

    /// <summary>The first choice, and at each further Tab the next one.</summary>
    private void Complete(int step)
    {
        if (_completion is null)
        {
            Completion found = complete(_text.ToString(), _cursor);
            if (found.Choices.Count == 0)
            {
                return;
            }
            _completion = found;
            _choice = step > 0 ? 0 : found.Choices.Count - 1;
        }
        else
        {
            _choice = (_choice + step + _completion.Choices.Count) % _completion.Choices.Count;
        }
        string text = _completion.Choices[_choice];
        _text.Remove(_completion.Start, _completion.Length).Insert(_completion.Start, text);
        _cursor = _completion.Start + text.Length;
        _completion = _completion with { Length = text.Length };
    }

    private void Recall(int step)
    {
        int index = _historyIndex + step;
        if (index < 0 || index > _history.Count)
        {
            return;
        }
        _historyIndex = index;
        _text.Clear().Append(index < _history.Count ? _history[index] : "");
        _cursor = _text.Length;
    }

    private void Delete(int start, int end)
    {
        _text.Remove(start, end - start);
        _cursor = start;
    }

    private int WordStart()
    {
        int i = _cursor;
        while (i > 0 && char.IsWhiteSpace(_text[i - 1]))
        {
            i--;
        }
        while (i > 0 && !char.IsWhiteSpace(_text[i - 1]))
        {
            i--;
        }
        return i;
    }

    private int WordEnd()
    {
        int i = _cursor;
        while (i < _text.Length && !char.IsWhiteSpace(_text[i]))
        {
            i++;
        }
        while (i < _text.Length && char.IsWhiteSpace(_text[i]))
        {
            i++;
        }
        return i;
    }

    private string Finish(string line)
    {
        _cursor = _text.Length;
        Draw();
        Console.WriteLine();
        if (line.Length > 0 && (_history.Count == 0 || _history[^1] != line))
        {
            _history.Add(line);
        }
        return line;
    }

    /// <summary>Redraws from the prompt's first row; a long line takes several rows.</summary>
    private void Draw()
    {
        int width = Math.Max(1, Terminal.Width);
        var output = new StringBuilder();
        output.Append(_drawnRow > 0 ? $"\u001b[{_drawnRow}A" : "").Append("\r\u001b[J").Append(_prompt).Append(_text);
        int end = _prompt.Length + _text.Length;
        int position = _prompt.Length + _cursor;
        // A terminal keeps the cursor on a full row until something follows.
        output.Append(end > 0 && end % width == 0 ? "\n\r" : "");
        int up = (end / width) - (position / width);
        output.Append(up > 0 ? $"\u001b[{up}A" : "").Append('\r').Append(position % width > 0 ? $"\u001b[{position % width}C" : "");
        Console.Write(output);
        _drawnRow = position / width;
    }
}
