using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Shoal.Dht;

/// <summary>Randomness that nobody can foretell, for transaction IDs and tokens outside of simulations. For one loop.</summary>
public sealed class SecureRandom : Random
{
    private readonly byte[] _drawn = new byte[1024];
    private int _used = 1024;

    public override void NextBytes(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);

    public override void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);

    public override int Next() => Next(int.MaxValue);

    public override int Next(int maxValue) => (int)NextInt64(maxValue);

    public override int Next(int minValue, int maxValue) => (int)NextInt64(minValue, maxValue);

    public override long NextInt64() => NextInt64(long.MaxValue);

    public override long NextInt64(long maxValue) => NextInt64(0, maxValue);

    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        var range = (ulong)(maxValue - minValue);
        return range == 0 ? minValue : minValue + (long)Math.BigMul(Draw(), range, out _);
    }

    public override double NextDouble() => Sample();

    public override float NextSingle() => (float)(Draw() >> 40) / (1 << 24);

    protected override double Sample() => (Draw() >> 11) * (1.0 / (1UL << 53));

    private ulong Draw()
    {
        if (_used >= _drawn.Length)
        {
            RandomNumberGenerator.Fill(_drawn);
            _used = 0;
        }

        var value = BinaryPrimitives.ReadUInt64LittleEndian(_drawn.AsSpan(_used));
        _used += sizeof(ulong);
        return value;
    }
}
