using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Node.Commands;

namespace Shoal.Cli.Arguments;

/// <summary>What stands where a link is taken: a magnet link, a bare ID, or the path of a <c>.torrent</c>.</summary>
internal sealed record LinkArgument
{
    private const string NotALink =
        "A link starts with 'magnet:?xt=urn:bt', an ID is 64 hex digits (40 in v1), and the path of a .torrent ends in .torrent or contains a path separator.";

    /// <summary>As it goes to the node: a magnet link, or 64 hex digits.</summary>
    public required string Link { get; init; }

    /// <summary>64 hex digits, or 40 if only a v1 name is known.</summary>
    public required string Id { get; init; }

    public MagnetLink? Magnet { get; init; }

    public MetainfoFile? Torrent { get; init; }

    public byte[]? TorrentBytes { get; init; }

    /// <exception cref="RefusedException"/>
    public static LinkArgument Read(string text, string folder)
    {
        if (MagnetLink.IsMagnet(text))
        {
            if (!MagnetLink.TryParse(text, out var magnet)) throw Malformed("link", "This magnet link cannot be read. " + (text.Contains("xt=", StringComparison.OrdinalIgnoreCase) ? "Was it cut short? Put it in quotes: a shell ends it at '&'." : NotALink));
            return new LinkArgument { Link = text, Id = magnet.InfoHash?.ToString() ?? magnet.InfoHashV1!.Value.ToString(), Magnet = magnet };
        }

        if (text.EndsWith(".torrent", StringComparison.OrdinalIgnoreCase) || text.Contains('/') || text.Contains(Path.DirectorySeparatorChar)) return ReadFile(text, folder);
        if (Hash256.TryParse(text, out var id)) return new LinkArgument { Link = id.ToString(), Id = id.ToString() };
        if (MagnetLink.TryReadV1(text, out var v1))
        {
            var magnet = new MagnetLink { InfoHashV1 = v1 };
            return new LinkArgument { Link = magnet.ToString(), Id = v1.ToString(), Magnet = magnet };
        }

        throw Malformed("link", $"'{text}' is no link, no ID and no .torrent. {NotALink}");
    }

    /// <summary>Reads an ID, or takes it from a link.</summary>
    /// <exception cref="RefusedException"/>
    public static string ReadId(string text, string folder) => Read(text, folder).Id;

    private static LinkArgument ReadFile(string path, string folder)
    {
        var bytes = ReadBytes(path, Path.GetFullPath(path, folder));
        var error = MetainfoFile.Read(bytes, out var torrent);
        if (error is MetainfoError.NewerVersion) throw Unsupported($"'{path}': {MetainfoErrors.Sentence(error)}");
        if (error != MetainfoError.None) throw Malformed("torrent", $"'{path}' cannot be read as a .torrent: {MetainfoErrors.Sentence(error)}");

        var magnet = new MagnetLink { InfoHash = torrent.Info.HasV2 ? torrent.Info.InfoHash : null, InfoHashV1 = torrent.Info.InfoHashV1, Name = torrent.Info.Name };
        return new LinkArgument { Link = magnet.ToString(), Id = torrent.Info.InfoHash.ToString(), Magnet = magnet, Torrent = torrent, TorrentBytes = bytes };
    }

    private static byte[] ReadBytes(string shown, string path)
    {
        try
        {
            if (Directory.Exists(path)) throw Malformed("torrent", $"'{shown}' is a folder, not a .torrent. To offer it to others: shoal share {shown}");
            var file = new FileInfo(path);
            if (!file.Exists) throw new RefusedException(ExitCode.Failed, "not-found", $"There is no file '{shown}'. Check the path; {char.ToLowerInvariant(NotALink[0])}{NotALink[1..]}");
            if (file.Length > MetainfoFile.MaxLength) throw Malformed("torrent", $"'{shown}' is too large to be a .torrent.");
            return File.ReadAllBytes(path);
        }
        catch (UnauthorizedAccessException)
        {
            throw new RefusedException(ExitCode.Failed, "unreadable", $"'{shown}' cannot be read: you have no permission. Ask its owner for it, or copy it to where you may read it.");
        }
        catch (IOException e)
        {
            throw new RefusedException(ExitCode.Failed, "unreadable", $"'{shown}' cannot be read: {e.Message}");
        }
    }

    private static RefusedException Malformed(string kind, string message) => new(ExitCode.Usage, "malformed-" + kind, message);

    private static RefusedException Unsupported(string message) => new(ExitCode.Failed, "unsupported", message);
}
