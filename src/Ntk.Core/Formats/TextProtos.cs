using System.Collections;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Ntk.Core.Formats;

/// <summary>Reads protocol buffers in text form (<c>.pbtxt</c>). Fields that a message does not have are passed over, as they are in binary form.</summary>
internal ref struct TextProtos
{
    // TensorFlow's reference types go by the names of what they refer to, numbered 100 above it.
    private const string ReferenceSuffix = "_REF";
    private const int ReferenceOffset = 100, DeepestMessage = 100;

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private TextProtos(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Whether a file's name says that it is in text form.</summary>
    public static bool IsText(string path) => Path.GetExtension(path).Equals(".pbtxt", StringComparison.OrdinalIgnoreCase);

    /// <summary>The message in a text.</summary>
    /// <exception cref="InvalidDataException">It is none; the line is named.</exception>
    public static T Parse<T>(string text)
        where T : IMessage, new()
    {
        var message = new T();
        new TextProtos(text).ReadMessage(message, '\0', 0);
        return message;
    }

    // Fields up to the closing bracket; without a message they are passed over.
    private void ReadMessage(IMessage? message, char close, int depth)
    {
        if (depth > DeepestMessage)
        {
            throw Fault("messages lie too deep in one another");
        }
        while (Peek() != close)
        {
            string name = ReadName();
            FieldDescriptor? field = message?.Descriptor.FindFieldByName(name);
            bool colon = Take(':');
            if (Peek() == '[')
            {
                _at++;
                while (!Take(']'))
                {
                    ReadField(message, field, depth);
                    Take(',');
                }
            }
            else if (colon || Peek() is '{' or '<')
            {
                ReadField(message, field, depth);
            }
            else
            {
                throw Fault($"after '{name}' comes neither a value nor a message");
            }
            if (!Take(','))
            {
                Take(';');
            }
        }
        if (close != '\0')
        {
            _at++;
        }
    }

    private void ReadField(IMessage? message, FieldDescriptor? field, int depth)
    {
        if (Peek() is '{' or '<')
        {
            char close = _text[_at++] == '{' ? '}' : '>';
            if (message is null || field is not { FieldType: FieldType.Message })
            {
                ReadMessage(null, close, depth + 1);
            }
            else if (field.IsMap)
            {
                ReadEntry((IDictionary)field.Accessor.GetValue(message), field.MessageType, close, depth + 1);
            }
            else if (field.IsRepeated)
            {
                IMessage item = Empty(field.MessageType);
                ReadMessage(item, close, depth + 1);
                ((IList)field.Accessor.GetValue(message)).Add(item);
            }
            else
            {
                IMessage item = field.Accessor.GetValue(message) as IMessage ?? Empty(field.MessageType);
                ReadMessage(item, close, depth + 1);
                field.Accessor.SetValue(message, item);
            }
            return;
        }
        object? value = ReadScalar(field);
        if (message is null || field is null)
        {
            return;
        }
        if (field.IsRepeated)
        {
            ((IList)field.Accessor.GetValue(message)).Add(value);
        }
        else
        {
            field.Accessor.SetValue(message, value);
        }
    }

    private void ReadEntry(IDictionary map, MessageDescriptor entry, char close, int depth)
    {
        FieldDescriptor keyField = entry.FindFieldByNumber(1), valueField = entry.FindFieldByNumber(2);
        object? key = null, value = valueField.FieldType == FieldType.Message ? Empty(valueField.MessageType) : null;
        while (Peek() != close)
        {
            string name = ReadName();
            Take(':');
            if (name == keyField.Name)
            {
                key = ReadScalar(keyField);
            }
            else if (name == valueField.Name && Peek() is '{' or '<')
            {
                ReadMessage(value as IMessage, _text[_at++] == '{' ? '}' : '>', depth + 1);
            }
            else
            {
                value = ReadScalar(valueField);
            }
            if (!Take(','))
            {
                Take(';');
            }
        }
        _at++;
        map[key ?? ""] = value ?? throw Fault("an entry without a value");
    }

    // A value of the field's type; of no field's, anything.
    private object? ReadScalar(FieldDescriptor? field)
    {
        if (Peek() is '"' or '\'')
        {
            byte[] bytes = ReadText();
            return field?.FieldType switch
            {
                FieldType.Bytes => ByteString.CopyFrom(bytes),
                FieldType.String => Encoding.UTF8.GetString(bytes),
                null => null,
                _ => throw Fault($"'{field.Name}' takes no text"),
            };
        }
        bool negative = Take('-');
        string word = ReadWord();
        if (field is null)
        {
            return null;
        }
        string number = negative ? $"-{word}" : word;
        try
        {
            return field.FieldType switch
            {
                FieldType.Enum => int.TryParse(number, CultureInfo.InvariantCulture, out int value) ? value : EnumValue(field.EnumType, word),
                FieldType.Bool => word is "true" or "True" or "t" or "1" || (word is "false" or "False" or "f" or "0" ? false : throw new FormatException()),
                FieldType.Int32 => checked((int)Integer(number)),
                FieldType.Int64 => Integer(number),
                FieldType.UInt32 => uint.Parse(number, CultureInfo.InvariantCulture),
                FieldType.UInt64 => ulong.Parse(number, CultureInfo.InvariantCulture),
                FieldType.Float => (float)Real(number),
                FieldType.Double => Real(number),
                _ => throw new FormatException(),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Fault($"'{number}' is no value of '{field.Name}'");
        }
    }

    private static long Integer(string number)
    {
        bool negative = number.StartsWith('-');
        string digits = negative ? number[1..] : number;
        long value = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? Convert.ToInt64(digits[2..], 16)
            : digits.Length > 1 && digits[0] == '0' ? Convert.ToInt64(digits, 8) : long.Parse(number, CultureInfo.InvariantCulture);
        return negative && value > 0 ? -value : value;
    }

    private static double Real(string number) => number.TrimStart('-').ToLowerInvariant() switch
    {
        "inf" or "infinity" => number.StartsWith('-') ? double.NegativeInfinity : double.PositiveInfinity,
        "nan" => double.NaN,
        _ => double.Parse(number.TrimEnd('f', 'F'), CultureInfo.InvariantCulture),
    };

    private int EnumValue(EnumDescriptor type, string name) => type.FindValueByName(name) is { } value ? value.Number
        : name.EndsWith(ReferenceSuffix, StringComparison.Ordinal) && type.FindValueByName(name[..^ReferenceSuffix.Length]) is { } referred ? referred.Number + ReferenceOffset
        : throw Fault($"'{name}' is not known");

    private static IMessage Empty(MessageDescriptor type) => type.Parser.ParseFrom(ByteString.Empty);

    // A field's name, or an extension's in brackets.
    private string ReadName()
    {
        if (!Take('['))
        {
            return ReadWord();
        }
        int start = _at;
        while (_at < _text.Length && _text[_at] != ']')
        {
            _at++;
        }
        string name = _text[start.._at].ToString();
        return Take(']') ? name : throw Fault("a name's bracket does not close");
    }

    private string ReadWord()
    {
        Peek();
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '.' or '+' || (_text[_at] == '-' && _at > start && _text[_at - 1] is 'e' or 'E')))
        {
            _at++;
        }
        return _at > start ? _text[start.._at].ToString() : throw Fault(_at < _text.Length ? $"'{_text[_at]}' is out of place" : "the text ends in the middle of a message");
    }

    // Adjacent texts are one.
    private byte[] ReadText()
    {
        var bytes = new List<byte>();
        while (Peek() is '"' or '\'')
        {
            char quote = _text[_at++];
            while (_at < _text.Length && _text[_at] != quote)
            {
                if (_text[_at] != '\\')
                {
                    int start = _at;
                    while (_at < _text.Length && _text[_at] != quote && _text[_at] != '\\')
                    {
                        _at++;
                    }
                    bytes.AddRange(Encoding.UTF8.GetBytes(_text[start.._at].ToString()));
                    continue;
                }
                _at++;
                bytes.AddRange(ReadEscape());
            }
            if (!Take(quote))
            {
                throw Fault("a text does not end");
            }
        }
        return [.. bytes];
    }

    private byte[] ReadEscape()
    {
        char escape = _at < _text.Length ? _text[_at++] : throw Fault("a text does not end");
        switch (escape)
        {
            case >= '0' and <= '7':
                _at--;
                return [(byte)Digits(8, 3)];
            case 'x' or 'X':
                return [(byte)Digits(16, 2)];
            case 'u':
                return Encoding.UTF8.GetBytes(char.ConvertFromUtf32(Digits(16, 4)));
            default:
                int place = "abfnrtv".IndexOf(escape);
                return [place < 0 ? (byte)escape : (byte)"\a\b\f\n\r\t\v"[place]];
        }
    }

    private int Digits(int radix, int most)
    {
        int value = 0;
        for (int i = 0; i < most && _at < _text.Length && char.IsAsciiHexDigit(_text[_at]) && Convert.ToInt32(_text[_at].ToString(), 16) is int digit && digit < radix; i++, _at++)
        {
            value = (value * radix) + digit;
        }
        return value;
    }

    // The next character that means something; '\0' at the end.
    private char Peek()
    {
        while (_at < _text.Length && (char.IsWhiteSpace(_text[_at]) || _text[_at] == '#'))
        {
            if (_text[_at] == '#')
            {
                int line = _text[_at..].IndexOf('\n');
                _at = line < 0 ? _text.Length : _at + line;
                continue;
            }
            _at++;
        }
        return _at < _text.Length ? _text[_at] : '\0';
    }

    private bool Take(char expected)
    {
        if (Peek() != expected)
        {
            return false;
        }
        _at++;
        return true;
    }

    private readonly InvalidDataException Fault(string what) => new($"line {_text[..Math.Min(_at, _text.Length)].Count('\n') + 1}: {what}");
}
