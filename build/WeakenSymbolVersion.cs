using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Copies a shared library (ELF, 64 bit, little-endian) and marks one version that it asks of another library as weak,
/// so that the loader accepts a library that lacks it. Right only where no relocation uses a symbol of that version.
/// </summary>
public class WeakenSymbolVersion : Task
{
    private const uint SectionGnuVerneed = 0x6ffffffe;
    private const ushort FlagWeak = 0x2;

    [Required]
    public string Source { get; set; }

    [Required]
    public string Destination { get; set; }

    /// <summary>The version's name, as in <c>objdump -p</c> under "Version References".</summary>
    [Required]
    public string SymbolVersion { get; set; }

    public override bool Execute()
    {
        byte[] file = File.ReadAllBytes(Source);
        if (file.Length < 64 || file[0] != 0x7f || file[1] != 'E' || file[2] != 'L' || file[3] != 'F' || file[4] != 2 || file[5] != 1)
        {
            Log.LogError("{0} is not a 64-bit little-endian ELF file, so its symbol version {1} cannot be made weak.", Source, SymbolVersion);
            return false;
        }

        int found = Weaken(file);
        if (found == 0 && Contains(file, SymbolVersion))
        {
            Log.LogError("{0} names {1}, but no entry of its .gnu.version_r has that name: the patch no longer applies.", Source, SymbolVersion);
            return false;
        }
        if (found == 0)
        {
            Log.LogMessage(MessageImportance.High, "{0} no longer asks for {1}: delete WeakenSymbolVersion from build/.", Source, SymbolVersion);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination)));
        File.WriteAllBytes(Destination, file);
        return true;
    }

    /// <summary>Sets the weak flag of every entry with the name; the number of entries found.</summary>
    private int Weaken(byte[] file)
    {
        long headers = BitConverter.ToInt64(file, 0x28);
        int size = BitConverter.ToUInt16(file, 0x3a);
        int sections = BitConverter.ToUInt16(file, 0x3c);
        int found = 0;
        for (int i = 0; i < sections; i++)
        {
            int header = checked((int)(headers + (long)i * size));
            if (BitConverter.ToUInt32(file, header + 4) != SectionGnuVerneed)
            {
                continue;
            }
            int strings = checked((int)BitConverter.ToInt64(file, (int)(headers + (long)BitConverter.ToUInt32(file, header + 0x28) * size) + 0x18));
            int need = checked((int)BitConverter.ToInt64(file, header + 0x18));
            for (uint left = BitConverter.ToUInt32(file, header + 0x2c); left > 0; left--)
            {
                // Elf64_Verneed: version, count of entries, file, offset of the first entry, offset of the next need.
                int entry = need + (int)BitConverter.ToUInt32(file, need + 8);
                for (int entries = BitConverter.ToUInt16(file, need + 2); entries > 0; entries--)
                {
                    // Elf64_Vernaux: hash, flags, other, name, offset of the next entry.
                    if (TextAt(file, strings + (int)BitConverter.ToUInt32(file, entry + 8)) == SymbolVersion)
                    {
                        file[entry + 4] |= (byte)FlagWeak;
                        found++;
                    }
                    entry += (int)BitConverter.ToUInt32(file, entry + 12);
                }
                need += (int)BitConverter.ToUInt32(file, need + 12);
            }
        }
        return found;
    }

    private static string TextAt(byte[] file, int start)
    {
        return Encoding.ASCII.GetString(file, start, Array.IndexOf(file, (byte)0, start) - start);
    }

    private static bool Contains(byte[] file, string text)
    {
        return Encoding.GetEncoding("ISO-8859-1").GetString(file).IndexOf(text + "\0", StringComparison.Ordinal) >= 0;
    }
}
