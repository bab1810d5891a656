using System.Text.Json;
using Ntk.Bench;

string[] rest = args.Skip(1).ToArray();
switch (args.FirstOrDefault() ?? "table")
{
    case "table":
        Table.Print(rest.Length == 0 ? Work.All : rest.Select(name => Work.Parse([name])).ToArray());
        return 0;
    case "sweep":
        Sweep.Print(rest);
        return 0;
    case "profile":
        Profile.Print(Work.Parse(rest));
        return 0;
    case "product":
        Product.Print(Work.Parse([rest[0], rest[1], "0", .. rest.Skip(3)]), int.Parse(rest[2], System.Globalization.CultureInfo.InvariantCulture));
        return 0;
    case "run":
        Console.WriteLine(JsonSerializer.Serialize(Measurement.Of(Work.Parse(rest))));
        return 0;
    case "write":
        Networks.Write(rest[0], rest[1]);
        return 0;
    default:
        Console.Error.WriteLine("""
            Ntk.Bench [table [NAME ...]]              times the works of the table (docs/performance.md), each in a process of its own
            Ntk.Bench sweep [NAME ...]                how time grows with examples, width, outputs, depth, channels
            Ntk.Bench profile NAME | MODEL N1 N2      where a kernel's time goes; N2 0 for x1 with itself, a fourth word `full` for a kernel without traces
            Ntk.Bench product MODEL N V               where the time of the kernel of N examples times V vectors goes
            Ntk.Bench write SPECIFICATION FILE        writes a network such as fcn:784-512-10 as a frozen graph
            """);
        return 1;
}
