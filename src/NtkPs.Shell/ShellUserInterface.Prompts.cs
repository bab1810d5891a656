using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace NtkPs.Shell;

/// <summary>What commands ask: missing mandatory parameters, confirmations, passwords.</summary>
internal sealed partial class ShellUserInterface
{
    public override string ReadLine()
    {
        RequireInteraction();
        return Console.In.ReadLine() ?? "";
    }

    public override SecureString ReadLineAsSecureString()
    {
        RequireInteraction();
        var secret = new SecureString();
        while (true)
        {
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    WriteLine("");
                    secret.MakeReadOnly();
                    return secret;
                case ConsoleKey.Backspace when secret.Length > 0:
                    secret.RemoveAt(secret.Length - 1);
                    break;
                default:
                    if (!char.IsControl(key.KeyChar))
                    {
                        secret.AppendChar(key.KeyChar);
                    }
                    break;
            }
        }
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        RequireInteraction();
        WriteHeading(caption, message);
        var answers = new Dictionary<string, PSObject>();
        foreach (FieldDescription field in descriptions)
        {
            Type type = Type.GetType(field.ParameterAssemblyFullName, throwOnError: false) ?? typeof(string);
            if (type.IsArray)
            {
                var items = new List<string>();
                while (Ask($"{field.Name}[{items.Count}]: ") is { Length: > 0 } item)
                {
                    items.Add(item);
                }
                answers[field.Name] = new PSObject(items.ToArray());
                continue;
            }
            Write(field.Name + ": ");
            answers[field.Name] = type == typeof(SecureString) ? new PSObject(ReadLineAsSecureString()) : new PSObject(ReadLine());
        }
        return answers;
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        RequireInteraction();
        WriteHeading(caption, message);
        // "&Yes": the letter after the ampersand is the key.
        string[] labels = [.. choices.Select(choice => choice.Label.Replace("&", "", StringComparison.Ordinal))];
        string[] keys = [.. choices.Select(choice => choice.Label.IndexOf('&', StringComparison.Ordinal) is >= 0 and int at && at + 1 < choice.Label.Length ? choice.Label.Substring(at + 1, 1) : choice.Label)];
        string menu = string.Join("  ", labels.Select((label, i) => $"[{keys[i].ToUpperInvariant()}] {label}"));
        string standard = defaultChoice >= 0 ? $" (default is \"{keys[defaultChoice].ToUpperInvariant()}\")" : "";
        while (true)
        {
            string answer = Ask($"{menu}{standard}: ").Trim();
            int chosen = answer.Length == 0 ? defaultChoice : Array.FindIndex(keys, key => key.Equals(answer, StringComparison.OrdinalIgnoreCase));
            chosen = chosen >= 0 ? chosen : Array.FindIndex(labels, label => label.Equals(answer, StringComparison.OrdinalIgnoreCase));
            if (chosen >= 0)
            {
                return chosen;
            }
        }
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
    {
        RequireInteraction();
        WriteHeading(caption, message);
        string user = string.IsNullOrEmpty(userName) ? Ask("User: ") : userName;
        Write($"Password for user {user}: ");
        return new PSCredential(user, ReadLineAsSecureString());
    }

    private string Ask(string question)
    {
        Write(question);
        return ReadLine();
    }

    private void WriteHeading(string caption, string message)
    {
        foreach (string text in (string[])[caption, message])
        {
            if (!string.IsNullOrEmpty(text))
            {
                WriteLine(text);
            }
        }
    }

    private void RequireInteraction()
    {
        EraseProgress();
        if (!interactive)
        {
            throw new PSInvalidOperationException("A command asks for input, and the shell was started with -NonInteractive.");
        }
    }
}
