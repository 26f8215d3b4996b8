using System.Text;
using Shoal.Core;
using Shoal.Core.Metainfo;
using Shoal.Node.Network;

namespace Shoal.Fuzz.Targets;

/// <summary>A link, and the peers it names: read or refused, and written back to the same meaning.</summary>
internal sealed class MagnetSubject : ISubject
{
    public ulong Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        var limit = 64 * 1024 + 256L * text.Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var isRead = MagnetLink.TryParse(text, out var link);
        Violation.UnlessAllocatedWithin(limit, before);

        var outcome = new Outcome();
        outcome.Add(isRead);
        outcome.Add(MagnetLink.IsMagnet(text));
        if (!isRead) return outcome.Hash;

        Violation.Unless(MagnetLink.TryParse(link.ToString(), out var again), "cannot read what it wrote", $"{link}");
        Violation.Unless(again.InfoHash == link.InfoHash && again.InfoHashV1 == link.InfoHashV1, "written it names another torrent", $"{link}");
        Violation.Unless(again.Name == link.Name, "written it has another name", $"{link}");
        Violation.Unless(again.ToString() == link.ToString(), "written twice it differs", $"{link}");
        Violation.Unless(link.Name is not ("" or "." or "..") && link.Name?.Contains('/') != true, "a name that leaves its folder", $"{link.Name}");

        outcome.Add(link.InfoHash is not null);
        outcome.Add(link.InfoHashV1 is not null);
        outcome.Add(link.Name is not null);
        outcome.Add(link.SelectOnly is not null);
        outcome.AddSize(link.Trackers.Count);
        outcome.AddSize(link.WebSeeds.Count);
        outcome.AddSize(link.Peers.Count);
        foreach (var peer in link.Peers) CheckPeer(peer);
        if (link.Peers.Count > 0 && NetEndPoint.TryParse(link.Peers[0], out var first)) outcome.Add((int)first.Scope);
        return outcome.Hash;
    }

    private static void CheckPeer(string peer)
    {
        var isNamed = HostPort.TryParse(peer, out var host, out var port);
        Violation.Unless(!isNamed || (port is > 0 and <= ushort.MaxValue && host.Length > 0), "a host or port that is none", $"{peer}");
        if (!NetEndPoint.TryParse(peer, out var endPoint)) return;

        Violation.Unless(NetEndPoint.TryParse(endPoint.ToString(), out var again) && again == endPoint, "an endpoint that does not read back", $"{peer} is {endPoint}");
    }
}
