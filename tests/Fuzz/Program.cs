using System.Globalization;
using Shoal.Fuzz;

if (!FuzzArguments.TryParse(args, out var arguments))
{
    Console.Error.WriteLine(FuzzArguments.Usage);
    return 2;
}

if (arguments.IsList)
{
    foreach (var target in FuzzTargets.All) Console.WriteLine(target.Name);
    return 0;
}

if (arguments.Replay is { } file)
{
    arguments.Targets[0].Replay(file.EndsWith(".last", StringComparison.Ordinal) ? [LastInput.Read(File.ReadAllBytes(file))] : FuzzFolder.Read(file));
    Console.WriteLine("all well");
    return 0;
}

var isWell = true;
foreach (var target in arguments.Targets)
{
    var campaign = new Campaign(target, arguments.Seconds, arguments.Seed);
    var found = campaign.Run() ? 0 : 1;
    isWell &= found == 0;
    if (!arguments.IsRecorded) continue;

    var date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    File.AppendAllText(Path.Combine(FuzzFolder.Path, "hours.md"), $"| {date} | {target.Name} | {campaign.Seconds} | {campaign.Inputs} | {found} |\n");
}

return isWell ? 0 : 1;
