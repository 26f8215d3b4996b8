using Shoal.Cli.Arguments;
using Shoal.Cli.Demo;
using Shoal.Cli.Output;
using Shoal.Node.Events;
using Xunit;

namespace Shoal.Unit.Cli;

public sealed class DemoTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("shoal-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void WrapsEventsForPrograms()
    {
        Assert.Equal(
            """{"event":"demo","step":"fetch","node":"127.0.0.5:9000","inside":{"event":"piece","index":1,"count":2,"address":"a"}}""",
            DemoJson.Write(new DemoEvent("fetch", "127.0.0.5:9000", Inside: new PieceEvent(1, 2, "a"))));
        Assert.Equal(
            """{"event":"demo","step":"result","result":{"bytes":10,"limit":2,"oneSeconds":9,"threeSeconds":3,"factor":3}}""",
            DemoJson.Write(new DemoEvent("result", Result: new DemoResult(10, 2, 9, 3))));
    }

    [Fact]
    public void DrawsWhereEachPieceCameFrom()
    {
        using var output = new StringWriter();
        var map = new DemoMap();
        map.Take(new PieceEvent(0, 5, "first"));
        map.Take(new PieceEvent(4, 5, "second"));
        map.Take(new PieceEvent(1, 5, "first"));
        map.Take(new PieceEvent(99, 5, "second"));

        Screen.Plain(output, output).Console.Write(map);

        Assert.Equal("  AA··B\n", output.ToString());
        Assert.Equal((2, 1), (map.CountOf("first"), map.CountOf("second")));
    }

    [Fact]
    public void TakesTheFilesOfTheRuntime()
    {
        var newest = Directory.CreateDirectory(Path.Combine(_folder, "shared", "Microsoft.NETCore.App", "10.0.12")).FullName;
        Directory.CreateDirectory(Path.Combine(_folder, "shared", "Microsoft.NETCore.App", "9.0.1"));
        File.WriteAllBytes(Path.Combine(newest, "a.dll"), new byte[5_000_000]);

        var content = DemoContent.Choose(null, name => name == "DOTNET_ROOT" ? _folder : null, _folder);

        Assert.Equal(new DemoContent(newest, "dotnet-runtime-10.0.12", 5_000_000, false), content);
    }

    [Fact]
    public void RefusesWhatIsTooLittleOrAbsent()
    {
        File.WriteAllText(Path.Combine(_folder, "small"), "x");

        Assert.Equal("too-little", Assert.Throws<RefusedException>(() => DemoContent.Choose(_folder, _ => null, _folder)).Code);
        Assert.Equal("not-found", Assert.Throws<RefusedException>(() => DemoContent.Choose(Path.Combine(_folder, "absent"), _ => null, _folder)).Code);
    }
}
