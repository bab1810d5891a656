using System.Management.Automation;
using Ntk;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Paths as the session means them: relative to its location, with drives, <c>~</c> and wildcards.</summary>
internal static class SessionPaths
{
    /// <summary>The file system's path of one that may not exist yet; wildcard characters are literal.</summary>
    /// <exception cref="NtkException">A path that is not in the file system.</exception>
    public static string Full(PSCmdlet cmdlet, string path)
    {
        try
        {
            string full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            return Require(provider, path, full);
        }
        catch (Exception e) when (e is not NtkException and (SessionStateException or PSInvalidOperationException or NotSupportedException or PSArgumentException))
        {
            throw NotFound(path, e.Message);
        }
    }

    /// <summary>The paths that one with wildcards stands for.</summary>
    /// <exception cref="NtkException">Nothing matches.</exception>
    public static IReadOnlyList<string> Matches(PSCmdlet cmdlet, string path)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(path))
        {
            return [Full(cmdlet, path)];
        }
        try
        {
            var found = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            foreach (string match in found)
            {
                Require(provider, path, match);
            }
            // A file whose name has brackets is meant literally when nothing else matches.
            string literal = found.Count == 0 ? Full(cmdlet, path) : "";
            return found.Count > 0 ? found : File.Exists(literal) || Directory.Exists(literal) ? [literal] : throw NotFound(path, "nothing matches it.");
        }
        catch (WildcardPatternException)
        {
            // [ without ]: no pattern, so a name.
            return [Full(cmdlet, path)];
        }
        catch (Exception e) when (e is SessionStateException or PSInvalidOperationException or NotSupportedException or PSArgumentException)
        {
            throw NotFound(path, e.Message);
        }
    }

    /// <summary>The .npy file that a kernel is to be written to as it is computed; what keeps it from being written is told before.</summary>
    /// <exception cref="NtkException">Another format, no such folder, or a file that is not to be overwritten.</exception>
    public static string KernelFile(PSCmdlet cmdlet, string path, bool noClobber)
    {
        string full = Full(cmdlet, path);
        if (!path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            throw new NtkException(NtkErrorId.FormatNotRecognized, $"-OutFile '{path}' is not a .npy file; write other formats with Export-NtkTensor.") { Target = path };
        }
        new AtomicFile(full, overwrite: !noClobber).Dispose();
        return full;
    }

    private static string Require(ProviderInfo provider, string path, string full) =>
        provider.Name == "FileSystem" ? full : throw NotFound(path, $"it is in the provider {provider.Name}; files are read from the file system only.");

    private static NtkException NotFound(string path, string why) => new(NtkErrorId.PathNotFound, $"'{path}': {why}") { Target = path };
}
