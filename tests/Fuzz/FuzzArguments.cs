using System.Globalization;

namespace Shoal.Fuzz;

internal sealed record FuzzArguments
{
    public const string Usage = """
        ./build fuzz [TARGET...] [--seconds N] [--seed S] [--record]
          no TARGET: all of them, N seconds each (60); S decides every input (1)
          --record   adds a line to tests/Fuzz/hours.md
          --list     names the targets
          --replay FILE  feeds one file of crashes/ or corpus/ to TARGET
        """;

    public IReadOnlyList<FuzzTarget> Targets { get; init; } = [];

    public int Seconds { get; init; } = 60;

    public int Seed { get; init; } = 1;

    public bool IsRecorded { get; init; }

    public bool IsList { get; init; }

    public string? Replay { get; init; }

    public static bool TryParse(IEnumerable<string> args, out FuzzArguments parsed)
    {
        parsed = new FuzzArguments();
        var targets = new List<FuzzTarget>();
        using var rest = args.GetEnumerator();
        while (rest.MoveNext())
        {
            switch (rest.Current)
            {
                case "--seconds" when TryNumber(rest, out var seconds):
                    parsed = parsed with { Seconds = seconds };
                    break;
                case "--seed" when TryNumber(rest, out var seed):
                    parsed = parsed with { Seed = seed };
                    break;
                case "--record":
                    parsed = parsed with { IsRecorded = true };
                    break;
                case "--list":
                    parsed = parsed with { IsList = true };
                    break;
                case "--replay" when rest.MoveNext():
                    parsed = parsed with { Replay = rest.Current };
                    break;
                case var name when FuzzTargets.Find(name) is { } target:
                    targets.Add(target);
                    break;
                default:
                    return false;
            }
        }

        parsed = parsed with { Targets = targets.Count > 0 ? targets : FuzzTargets.All };
        return parsed.Replay is null || targets.Count == 1;
    }

    private static bool TryNumber(IEnumerator<string> rest, out int number)
    {
        number = 0;
        return rest.MoveNext() && int.TryParse(rest.Current, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
