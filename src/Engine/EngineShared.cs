using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Engine.Buffers;
using Shoal.Engine.Limits;

namespace Shoal.Engine;

/// <summary>What the swarms of one engine have in common: options, memory, clock, chance, and the way out. Immutable, or a leaf.</summary>
internal sealed class EngineShared(
    EngineOptions options, Dialler dialler, TransferLimits limits, TimeProvider clock, SharedRandom random, ILogger logger, Action<NetEndPoint, InfoHash> hearPort, Action<SwarmLoop, SwarmKeys> keysLearnt)
{
    private readonly long _start = clock.GetTimestamp();

    public EngineOptions Options => options;

    public Dialler Dialler => dialler;

    /// <summary>Of all swarms together.</summary>
    public TransferLimits Limits => limits;

    public TimeProvider Clock => clock;

    public ILogger Logger => logger;

    public PieceBufferPool Buffers { get; } = new(options.Memory / 2);

    public Action<NetEndPoint, InfoHash> HearPort => hearPort;

    /// <summary>A swarm turned out to have other keys, or more, than those before.</summary>
    public Action<SwarmLoop, SwarmKeys> KeysLearnt => keysLearnt;

    public TimeSpan Now => clock.GetElapsedTime(_start);

    public int NextSeed() => random.NextSeed();
}
