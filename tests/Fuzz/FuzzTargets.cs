using Shoal.Fuzz.Mutation;
using Shoal.Fuzz.Targets;

namespace Shoal.Fuzz;

internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("datagram", () => new DatagramSubject()) { HeadLength = DatagramSubject.HeadLength, MaxLength = 2048, InputsPerSession = 10_000, IsBencoded = true, Tokens = Tokens.Krpc },
        new("bencode", () => new BencodeSubject()) { IsBencoded = true },
        new("metainfo", () => new MetainfoSubject()) { MaxLength = 16 * 1024, IsBencoded = true, Tokens = Tokens.Metainfo },
        new("magnet", () => new MagnetSubject()) { MaxLength = 2048, Tokens = Tokens.Magnet },
        new("wire", () => new WireSubject()) { Tokens = Tokens.Wire },
        new("mse", () => new MseSubject()) { HeadLength = MseSubject.HeadLength, MaxLength = 10 * 1024, Tokens = Tokens.Mse },
        new("session", () => new SessionSubject()) { HeadLength = 1, MaxLength = 20 * 1024, Tokens = Tokens.Wire },
        new("extension", () => new ExtensionSubject()) { HeadLength = 1, IsBencoded = true, Tokens = Tokens.Extension },
        new("pex", () => new PexSubject()) { MaxLength = 4096, IsBencoded = true, Tokens = Tokens.Pex },
        new("compact", () => new CompactSubject()) { HeadLength = 1, MaxLength = 2048, Tokens = Tokens.Compact },
        new("tracker", () => new TrackerSubject()) { HeadLength = 1, MaxLength = 4096, IsBencoded = true, Tokens = Tokens.Tracker },
        new("state", () => new StateSubject()) { Tokens = Tokens.State },
    ];

    public static FuzzTarget? Find(string name) => All.FirstOrDefault(t => t.Name == name);
}
