using Shoal.Core;

namespace Shoal.Engine.Peers;

/// <summary>
/// Downloaders that announced themselves where a seed did later, and peers that the user named to a seed: it, which else waits to be called, calls each once whenever it is
/// named, or they would hear of it only at their next announce, or never. Bounded: those beyond are passed over.
/// </summary>
internal sealed class Invitations
{
    private const int Most = 200;

    private readonly Queue<NetEndPoint> _waiting = [];

    public bool Any => _waiting.Count > 0;

    public void Add(NetEndPoint endPoint)
    {
        if (_waiting.Count < Most && endPoint.Port != 0 && !_waiting.Contains(endPoint)) _waiting.Enqueue(endPoint);
    }

    /// <param name="isFree">Whether there is a reason to call it.</param>
    /// <param name="endPoint">Whom to call.</param>
    public bool TryTake(Func<NetEndPoint, bool> isFree, out NetEndPoint endPoint)
    {
        while (_waiting.TryDequeue(out endPoint))
        {
            if (isFree(endPoint)) return true;
        }

        return false;
    }
}
