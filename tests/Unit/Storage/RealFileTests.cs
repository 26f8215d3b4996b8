using Shoal.Harness.Disk;
using Shoal.Storage.Disk;
using Xunit;

namespace Shoal.Unit.Storage;

public sealed class RealFileTests
{
    [Fact]
    public void KeepsItsLength_WhenRoomIsReserved()
    {
        using var folder = new ScratchFolder();
        using var file = new RealDisk().Open(folder["file"], FileAccess.ReadWrite);
        file.Write([1, 2, 3], 10);

        file.Reserve(1 << 20);

        Assert.Equal(13, file.Stamp.Length);
        var bytes = new byte[4];
        Assert.Equal(3, file.Read(bytes, 10));
        Assert.Equal([1, 2, 3, 0], bytes);
    }

    [Fact]
    public void ReadsNowWhatIsThere_OrSaysThatItDidNot()
    {
        using var folder = new ScratchFolder();
        using var file = new RealDisk().Open(folder["file"], FileAccess.ReadWrite);
        var written = StoreBench.Content(100_000);
        file.Write(written, 0);
        var bytes = new byte[60_000];

        if (file.TryReadNow(bytes, 40_000)) Assert.Equal(written[40_000..], bytes);
        Assert.False(file.TryReadNow(bytes, 40_001));
    }
}
