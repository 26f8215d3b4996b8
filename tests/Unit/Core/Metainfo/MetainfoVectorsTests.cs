using System.Text.Json;
using Shoal.Core.Metainfo;
using Shoal.Unit.Core.Bencode;
using Xunit;

namespace Shoal.Unit.Core.Metainfo;

/// <summary>The torrents of libtorrent's own tests, with what libtorrent makes of them. They lie beside the repository and are not part of it.</summary>
public sealed class MetainfoVectorsTests
{
    /// <summary>libtorrent drops a backslash, and gives up on a name of nothing else; here it may stand in a name.</summary>
    private static readonly Dictionary<string, string> NamesThatDiffer = new()
    {
        ["v2_invalid_filename2.torrent"] = "__ \\ stress_test2",
        ["invalid_filename.torrent"] = "f _", // of a name of libtorrent's it is the folder that differs
        ["long_name.torrent"] = Long + ".23456789", // a little shorter, so that namesakes can be told apart
        ["slash_path3.torrent"] = "temp_.._.._abc", // a slash in a name is a mistake, and not left out
    };

    private static string Long => string.Concat(Enumerable.Repeat("abcdefghij0123456789", 12))[..231];

    [Fact]
    public void AgreeOnTorrentsOfVersion2()
    {
        var (folder, expected) = Vectors();
        var checkedTorrents = 0;
        foreach (var (name, vector) in expected)
        {
            if (!IsVersion2(name, vector)) continue;

            checkedTorrents++;
            var error = MetainfoFile.Read(File.ReadAllBytes(Path.Combine(folder, name)), out var metainfo);
            Assert.True(vector.GetProperty("reject").GetBoolean() == (error != MetainfoError.None), $"{name}: {error}");
            if (error == MetainfoError.None) AssertSame(name, vector.GetProperty("parsed"), metainfo);
        }

        Assert.Equal(19, checkedTorrents);
    }

    [Fact]
    public void AgreeOnTorrentsOfVersion1()
    {
        var (folder, expected) = Vectors();
        var checkedTorrents = 0;
        foreach (var (name, vector) in expected)
        {
            if (IsVersion2(name, vector)) continue;

            checkedTorrents++;
            var error = MetainfoFile.Read(File.ReadAllBytes(Path.Combine(folder, name)), out var metainfo);
            Assert.True(vector.GetProperty("reject").GetBoolean() == (error != MetainfoError.None), $"{name}: {error}");
            if (error == MetainfoError.None) AssertSame(name, vector.GetProperty("parsed"), metainfo);
        }

        Assert.Equal(35, checkedTorrents);
    }

    [Theory]
    [InlineData("v2_deep_recursion.torrent", MetainfoError.Malformed)]
    [InlineData("v2_invalid_file.torrent", MetainfoError.InvalidFileTree)]
    [InlineData("v2_invalid_piece_layer.torrent", MetainfoError.InvalidPieceLayer)]
    [InlineData("v2_invalid_piece_layer_size.torrent", MetainfoError.InvalidPieceLayer)]
    [InlineData("v2_large_offset.torrent", MetainfoError.TooLarge)]
    [InlineData("v2_missing_file_root_invalid_symlink.torrent", MetainfoError.MissingPiecesRoot)]
    [InlineData("v2_non_multiple_piece_layer.torrent", MetainfoError.InvalidPieceLayer)]
    [InlineData("v2_piece_layer_invalid_file_hash.torrent", MetainfoError.InvalidPieceLayer)]
    [InlineData("v2_unknown_piece_layer_entry.torrent", MetainfoError.InvalidPieceLayer)]
    [InlineData("v2_zero_root.torrent", MetainfoError.MissingPiecesRoot)]
    public void AreRefusedForTheirReason(string name, MetainfoError reason) =>
        Assert.Equal(reason, MetainfoFile.Read(File.ReadAllBytes(Path.Combine(Vectors().Folder, name)), out _));

    private static void AssertSame(string name, JsonElement parsed, MetainfoFile metainfo)
    {
        var info = metainfo.Info;
        Assert.Equal(parsed.GetProperty("v2").GetString(), info.HasV2 ? info.InfoHash.ToString() : null);
        Assert.Equal(parsed.GetProperty("v1").GetString(), info.InfoHashV1?.ToString());
        if (!NamesThatDiffer.ContainsKey(name)) Assert.Equal(parsed.GetProperty("name").GetString(), info.Name);
        Assert.Equal(parsed.GetProperty("piece_length").GetInt32(), info.Geometry.PieceLength);
        Assert.Equal(parsed.GetProperty("private").GetBoolean(), info.IsPrivate);
        Assert.Equal(Strings(parsed.GetProperty("trackers")), metainfo.Trackers);
        // what is of BEP 17 is not of BEP 19, which replaced it
        if (name != "httpseed.torrent") Assert.Equal(Strings(parsed.GetProperty("web_seeds")).Select(Comparable), metainfo.WebSeeds.Select(Comparable));

        // pad files are libtorrent's own: v2 leaves gaps instead
        var files = parsed.GetProperty("files").EnumerateArray().Where(f => !f.GetProperty("pad").GetBoolean()).ToArray();
        Assert.Equal(files.Select(f => f.GetProperty("length").GetInt64()), info.Files.Select(f => f.Length));
        Assert.Equal(files.Select(f => f.GetProperty("root").GetString()), info.Files.Select(f => info.HasV2 ? f.Id.ToString() : null));
        var paths = info.Files.Select(f => info.IsSingleFile ? f.DisplayPath : $"{info.Name}/{f.DisplayPath}");
        if (NamesThatDiffer.TryGetValue(name, out var mended)) Assert.Equal(mended, string.Join(' ', info.Files.Select(f => f.DisplayPath)));
        else Assert.True(files.Select(f => f.GetProperty("path").GetString()).SequenceEqual(paths), $"{name}: {string.Join(' ', paths)}");
    }

    /// <summary>libtorrent escapes what must be, and ends folders with a slash.</summary>
    private static string Comparable(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.AbsoluteUri.TrimEnd('/') : url;

    private static bool IsVersion2(string name, JsonElement vector) =>
        name.StartsWith("v2", StringComparison.Ordinal)
        || (vector.TryGetProperty("parsed", out var parsed) && parsed.GetProperty("v2").ValueKind == JsonValueKind.String);

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];

    private static (string Folder, (string Name, JsonElement Vector)[] Expected) Vectors()
    {
        var repository = new DirectoryInfo(AppContext.BaseDirectory);
        while (repository is not null && !File.Exists(Path.Combine(repository.FullName, "Shoal.slnx"))) repository = repository.Parent;

        // a work tree may lie one folder deeper than the repository does
        var beside = repository?.Parent;
        var folder = new[] { beside, beside?.Parent }.OfType<DirectoryInfo>()
            .Select(d => Path.Combine(d.FullName, "shared", "vectors", "torrents"))
            .FirstOrDefault(d => File.Exists(Path.Combine(d, "expected.json")));
        Assert.SkipWhen(folder is null, "shared/vectors/torrents does not lie beside the repository");

        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, "expected.json")));
        return (folder!, [.. json.RootElement.Clone().EnumerateObject().Select(p => (p.Name, p.Value))]);
    }
}
