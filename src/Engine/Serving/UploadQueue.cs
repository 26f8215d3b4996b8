using Shoal.Wire;

namespace Shoal.Engine.Serving;

/// <summary>Blocks one peer asked us for, in its order, until they are sent, taken back or refused. The reader puts, the sender takes.</summary>
internal sealed class UploadQueue
{
    /// <summary>Requests kept for a peer; we say half as many (BEP 10, <c>reqq</c>).</summary>
    public const int Capacity = 4096;

    private readonly Lock _lock = new();
    private readonly LinkedList<BlockRequest> _waiting = new();
    private readonly Dictionary<BlockRequest, LinkedListNode<BlockRequest>> _nodes = [];
    private readonly Dictionary<int, long> _allowances = [];
    private long _bytes;
    private bool _open;

    /// <summary>Bytes that wait to be sent.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    public UploadAnswer Put(BlockRequest request)
    {
        lock (_lock)
        {
            if (_nodes.ContainsKey(request)) return UploadAnswer.Taken; // it will be answered, once
            if (!_open && !TryTakeAllowance(request)) return UploadAnswer.Refused;
            if (_waiting.Count >= Capacity) return UploadAnswer.TooMany;

            _nodes[request] = _waiting.AddLast(request);
            _bytes += request.Length;
            return UploadAnswer.Taken;
        }
    }

    /// <returns>Whether it was still waiting.</returns>
    public bool Cancel(BlockRequest request)
    {
        lock (_lock)
        {
            if (!_nodes.Remove(request, out var node)) return false;

            _waiting.Remove(node);
            _bytes -= request.Length;
            return true;
        }
    }

    public void Open()
    {
        lock (_lock) _open = true;
    }

    /// <summary>So many bytes of a piece are given even while closed (BEP 6, allowed fast).</summary>
    public void Allow(int piece, long bytes)
    {
        lock (_lock) _allowances[piece] = bytes;
    }

    /// <summary>Refuses whatever waits and all that follows, except what is allowed.</summary>
    public IReadOnlyList<BlockRequest> Close()
    {
        lock (_lock)
        {
            _open = false;
            BlockRequest[] refused = [.. _waiting.Where(r => !TryTakeAllowance(r))];
            foreach (var request in refused)
            {
                _nodes.Remove(request, out var node);
                _waiting.Remove(node!);
                _bytes -= request.Length;
            }

            return refused;
        }
    }

    private bool TryTakeAllowance(BlockRequest request)
    {
        if (!_allowances.TryGetValue(request.Piece, out var left) || left < request.Length) return false;

        _allowances[request.Piece] = left - request.Length;
        return true;
    }

    /// <summary>Takes the oldest request and those that follow it without a gap.</summary>
    /// <param name="atLeastOne">Whether the oldest is taken even if it is longer than the bytes that may be.</param>
    public void TakeRun(List<BlockRequest> run, int maxBlocks, int maxBytes, bool atLeastOne = false)
    {
        run.Clear();
        lock (_lock)
        {
            var bytes = 0;
            while (_waiting.First is { Value: var next } && run.Count < maxBlocks && (bytes + next.Length <= maxBytes || (atLeastOne && run.Count == 0)))
            {
                if (run.Count > 0 && (run[^1].Piece != next.Piece || run[^1].Begin + run[^1].Length != next.Begin)) return;

                run.Add(next);
                bytes += next.Length;
                _bytes -= next.Length;
                _waiting.RemoveFirst();
                _nodes.Remove(next);
            }
        }
    }
}
