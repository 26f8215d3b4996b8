namespace Shoal.Harness.Disk;

/// <summary>A file, folder or link of a <see cref="LossyDisk"/>: what is on the medium, and what would be lost with the power.</summary>
internal sealed class LossyNode(LossyKind kind, string? target = null)
{
    private readonly List<(long Offset, byte[] Data)> _unflushed = [];
    private byte[] _medium = [];

    public LossyKind Kind { get; } = kind;

    public string? Target { get; } = target;

    /// <summary>What programs see.</summary>
    public byte[] Bytes { get; private set; } = [];

    public long Modified { get; set; }

    public bool IsExecutable { get; set; }

    /// <summary>Of a folder.</summary>
    public SortedDictionary<string, LossyNode> Entries { get; } = new(StringComparer.Ordinal);

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        Bytes = Overlay(Bytes, offset, data);
        _unflushed.Add((offset, data.ToArray()));
    }

    public void Flush()
    {
        _medium = (byte[])Bytes.Clone();
        _unflushed.Clear();
    }

    /// <summary>The power goes: of what was not flushed some writes are on the medium and some are not, in any order, and some in part, by sectors. The length may have come through alone.</summary>
    public void Lose(Random random)
    {
        const int sector = 512;
        var length = Bytes.Length;
        var survived = _medium;
        foreach (var (offset, data) in _unflushed.OrderBy(_ => random.Next()))
        {
            switch (random.Next(3))
            {
                case 0:
                    survived = Overlay(survived, offset, data);
                    break;
                case 1:
                    for (var at = 0; at < data.Length; at += sector)
                    {
                        if (random.Next(2) == 0) survived = Overlay(survived, offset + at, data.AsSpan(at, Math.Min(sector, data.Length - at)));
                    }

                    break;
            }
        }

        if (_unflushed.Count > 0 && random.Next(2) == 0 && survived.Length < length) survived = Overlay(survived, length - 1, [0]);
        if (_unflushed.Count > 0 && random.Next(2) == 0) Modified -= random.Next(1, 1_000_000);
        (Bytes, _medium) = (survived, (byte[])survived.Clone());
        _unflushed.Clear();
    }

    private static byte[] Overlay(byte[] bytes, long offset, ReadOnlySpan<byte> data)
    {
        var result = new byte[Math.Max(bytes.Length, offset + data.Length)];
        bytes.CopyTo(result, 0);
        data.CopyTo(result.AsSpan((int)offset));
        return result;
    }
}

internal enum LossyKind
{
    File,
    Folder,
    Link,
}
