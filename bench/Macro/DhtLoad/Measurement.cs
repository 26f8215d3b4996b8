using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Shoal.DhtLoad;

/// <summary>Runs the load against a fresh node and prints a table: a warm-up that does not count, then each run, then what they have in common.</summary>
internal static class Measurement
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6);

    public static int Run(Settings settings)
    {
        using var node = StartNode(settings);
        var port = int.Parse(node.StandardOutput.ReadLine() ?? "", CultureInfo.InvariantCulture);
        using var load = new Load(new IPEndPoint(IPAddress.Loopback, port), settings);
        load.Run(WarmUp);

        var runs = new List<Figures>();
        Say($"{"run",-8}{"answers/s",12}{"answered",12}{"CPU s per 100k",16}{"B per query",14}{"dropped",10}{"refused",10}");
        for (var i = 0; i < settings.Runs; i++)
        {
            var before = Ask(node);
            var (sent, answered, elapsed) = load.Run(TimeSpan.FromSeconds(settings.Seconds));
            var after = Ask(node);
            runs.Add(new Figures(
                answered / elapsed.TotalSeconds,
                100.0 * answered / sent,
                (after.Cpu - before.Cpu) * 100_000 / answered,
                (after.Allocated - before.Allocated) / (double)answered,
                after.Dropped - before.Dropped,
                after.Refused - before.Refused));
            Say($"{i + 1,-8}{runs[i]}");
            if (i == settings.Runs - 1) Say($"{"",-8}contacts in the node's table: {after.Contacts}");
        }

        Say($"{"median",-8}{Figures.Pick(runs, r => r[r.Length / 2])}");
        Say($"{"min",-8}{Figures.Pick(runs, r => r[0])}");
        Say($"{"max",-8}{Figures.Pick(runs, r => r[^1])}");
        node.StandardInput.Close();
        node.WaitForExit();
        return 0;
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static Process StartNode(Settings settings)
    {
        var program = Environment.ProcessPath!;
        string[] command = [program, .. Path.GetFileNameWithoutExtension(program) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : Array.Empty<string>(), "node"];
        if (settings.Pinned) command = ["taskset", "-c", "0", .. command];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    private static Usage Ask(Process node)
    {
        node.StandardInput.WriteLine();
        node.StandardInput.Flush();
        var words = (node.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the node has ended")).Split(' ');
        double Number(int index) => double.Parse(words[index], CultureInfo.InvariantCulture);
        return new Usage(Number(0), Number(1), Number(2), Number(3), Number(4));
    }

    private readonly record struct Usage(double Cpu, double Allocated, double Dropped, double Refused, double Contacts);
}
