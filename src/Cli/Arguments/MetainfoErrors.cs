using Shoal.Core.Metainfo;

namespace Shoal.Cli.Arguments;

/// <summary>What to tell people about a <c>.torrent</c> that is refused.</summary>
internal static class MetainfoErrors
{
    public static string Sentence(MetainfoError error) => error switch
    {
        MetainfoError.Malformed => "it is not bencoded as the format asks. It may be damaged or cut short: get it again.",
        MetainfoError.NewerVersion => "it is of a newer version of BitTorrent than 2, which is not supported.",
        MetainfoError.InvalidName => "its name is missing, or would leave the folder it is fetched into.",
        MetainfoError.InvalidPieceLength => "its piece length is missing, too large, or, in v2, no power of two from 16 KiB to 512 MiB.",
        MetainfoError.InvalidFileTree => "its file tree is missing, or holds something that is no file and no folder.",
        MetainfoError.UnsafePath => "a path in it would leave the folder it is fetched into.",
        MetainfoError.MissingPiecesRoot => "a file in it has no hash to be checked against.",
        MetainfoError.TooLarge => "it has more files or pieces than are read.",
        MetainfoError.InvalidPieceLayer or MetainfoError.InvalidPieces => "its hashes do not fit together: it is damaged or was made wrongly.",
        MetainfoError.HybridDisagrees => "its v1 and v2 halves describe different files.",
        _ => "it cannot be used.",
    };
}
