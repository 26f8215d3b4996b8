using Shoal.Cli.Output;
using Shoal.Node;

namespace Shoal.Cli.Hosting;

/// <summary>What surrounds a command: the screen, the signals, the clock, the current folder, and the way to a store.</summary>
internal sealed record Shell(Screen Screen, StopSignal Stop, TimeProvider Clock, string Folder, Func<string, string?> Environment)
{
    /// <summary>Since the process started.</summary>
    public required Func<TimeSpan> Age { get; init; }

    /// <summary>Opens standard input.</summary>
    public Func<Stream> Input { get; init; } = Console.OpenStandardInput;

    public required Func<NodeOptions, IReadOnlyList<string>, IStoreDoor> Door { get; init; }
}
