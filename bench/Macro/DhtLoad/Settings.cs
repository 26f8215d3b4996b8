using System.Globalization;

namespace Shoal.DhtLoad;

/// <summary>What is measured, from the command line.</summary>
internal sealed record Settings
{
    public const string Usage = """
        usage: DhtLoad [--runs N] [--seconds N] [--sources N] [--window N] [--mix all|ping] [--pin yes|no]

        Starts a DHT node in a process of its own and asks it as fast as it answers: each source port keeps a window of queries outstanding.
        With --pin the node has core 0 and the load must be started on another one, as ./build bench dht does.
        """;

    public int Runs { get; private init; } = 5;

    public int Seconds { get; private init; } = 3;

    public int Sources { get; private init; } = 16;

    /// <summary>Queries that each source has outstanding.</summary>
    public int Window { get; private init; } = 16;

    public bool PingsAlone { get; private init; }

    public bool Pinned { get; private init; }

    public static bool TryRead(string[] args, out Settings settings)
    {
        settings = new Settings();
        if (args.Length % 2 != 0) return false;

        for (var i = 0; i < args.Length; i += 2)
        {
            var isNumber = int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0;
            Settings? read = (args[i], args[i + 1]) switch
            {
                ("--runs", _) when isNumber => settings with { Runs = number },
                ("--seconds", _) when isNumber => settings with { Seconds = number },
                ("--sources", _) when isNumber => settings with { Sources = number },
                ("--window", _) when isNumber => settings with { Window = number },
                ("--mix", "all" or "ping") => settings with { PingsAlone = args[i + 1] == "ping" },
                ("--pin", "yes" or "no") => settings with { Pinned = args[i + 1] == "yes" },
                _ => null,
            };
            if (read is null) return false;

            settings = read;
        }

        return true;
    }
}
