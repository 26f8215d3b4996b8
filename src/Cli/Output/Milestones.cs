using Shoal.Node.Events;

namespace Shoal.Cli.Output;

/// <summary>Progress for where nothing can be redrawn: a line at each new phase, and at each tenth of the way.</summary>
internal sealed class Milestones
{
    private string? _phase, _path;
    private long _tenth = -1;

    /// <summary>What to say; null for nothing new.</summary>
    public string? Of(ShoalEvent e) => e switch
    {
        HashingEvent hashing => OfHashing(hashing),
        ProgressEvent progress => OfProgress(progress),
        _ => null,
    };

    private string? OfHashing(HashingEvent e)
    {
        if (e.Path != _path) (_path, _tenth) = (e.Path, 0);
        return Passes(e.Bytes, e.Length) && e.Bytes > 0 ? $"{Words.Percent(e.Bytes, e.Length),5}  hashed {Words.Size(e.Bytes)} of {Words.Size(e.Length)}" : null;
    }

    private string? OfProgress(ProgressEvent e)
    {
        var phase = e.Phase ?? "downloading";
        if (phase is not "downloading")
        {
            if (phase == _phase) return null;

            _phase = phase;
            return LiveScene.PhaseSentence(phase);
        }

        if (_phase != phase) (_phase, _tenth) = (phase, -1);
        return Passes(e.Bytes, e.Length) ? $"{Words.Percent(e.Bytes, e.Length),5}  {Words.Size(e.Bytes)} of {Words.Size(e.Length)}, {Words.Rate(e.Rate)}, {Words.Peers(e.Peers)}" : null;
    }

    private bool Passes(long bytes, long length)
    {
        var tenth = length <= 0 ? 10 : (long)(10.0 * bytes / length);
        if (tenth <= _tenth) return false;

        _tenth = tenth;
        return true;
    }
}
