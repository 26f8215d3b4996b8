namespace Shoal.Fuzz.Mutation;

/// <summary>Inputs worth mutating: the corpus, for good, and what behaved in a new way, as long as there is room.</summary>
internal sealed class InputPool(IReadOnlyList<byte[]> seeds)
{
    private const int MaxKept = 8192;
    private const int Recent = 64;

    private readonly List<byte[]> _inputs = [.. seeds];

    public int Kept { get; private set; }

    public void Keep(byte[] input, Random random)
    {
        Kept++;
        if (_inputs.Count - seeds.Count < MaxKept) _inputs.Add(input);
        else _inputs[seeds.Count + random.Next(MaxKept)] = input;
    }

    /// <summary>A seed, one of the latest, or any.</summary>
    public byte[] Pick(Random random)
    {
        if (_inputs.Count == 0) return [];

        return random.Next(4) switch
        {
            0 when seeds.Count > 0 => seeds[random.Next(seeds.Count)],
            1 => _inputs[^(1 + random.Next(Math.Min(Recent, _inputs.Count)))],
            _ => _inputs[random.Next(_inputs.Count)],
        };
    }
}
