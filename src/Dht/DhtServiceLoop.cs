using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Dht.Sockets;

namespace Shoal.Dht;

/// <content>The loop: what comes in, what goes out.</content>
public sealed partial class DhtService
{
    private async Task RunAsync()
    {
        try
        {
            while (await _mailbox.Reader.WaitToReadAsync(_stop.Token))
                while (!_stop.IsCancellationRequested && _mailbox.Reader.TryRead(out var mail)) Handle(mail);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (Exception e)
        {
            LogFailed(_logger, e);
            throw;
        }
        finally
        {
            _mailbox.Writer.TryComplete();
            Volatile.Write(ref _snapshot, TakeSnapshot(Now()));
            foreach (var wish in _wishes) wish.Abandon();
            foreach (var wait in _announceWaits.Values.SelectMany(w => w)) wait.Completion.TrySetCanceled(CancellationToken.None);
        }
    }

    private async Task TickAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(TickEvery, _clock);
            while (await timer.WaitForNextTickAsync(_stop.Token)) _mailbox.Writer.TryWrite(new Mail(Tick));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task ReceiveAsync(BoundNode node)
    {
        var batch = new DatagramBatch(BoundNode.AtOnce);
        try
        {
            await Task.Yield();
            while (!_stop.IsCancellationRequested)
            {
                batch.Clear();
                var arriving = node.Socket.ReceiveAsync(batch, _stop.Token);
                var isFlooded = arriving.IsCompleted;
                await arriving;
                Interlocked.Add(ref _bytesReceived, batch.Length);
                var dropped = batch.Count - node.Arrived.Add(batch, out var wasEmpty);
                if (wasEmpty && !_mailbox.Writer.TryWrite(new Mail(node))) dropped += node.Arrived.Drop();
                if (dropped > 0) Interlocked.Add(ref _dropped, dropped);
                if (isFlooded) await Task.Yield(); // where there is one core the loop may be waiting for this very thread
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Asked to stop.
        }
        catch (SocketException e)
        {
            LogSocketFailed(_logger, node.Socket.LocalEndPoint, e);
        }
    }

    private void Handle(in Mail mail)
    {
        if (mail.Command is { } command)
        {
            var now = Now();
            command(now);
            Flush(now);
            return;
        }

        var arrived = mail.Node!.Arrived.Take();
        for (var i = 0; i < arrived.Count && !_stop.IsCancellationRequested; i += BoundNode.AtOnce) Handle(mail.Node, arrived, i, Math.Min(i + BoundNode.AtOnce, arrived.Count));
    }

    private void Handle(BoundNode node, DatagramBatch arrived, int begin, int end)
    {
        var now = Now();
        for (var i = begin; i < end; i++)
        {
            _options.BytesReceived?.Invoke(arrived[i].Length);
            node.Node.Handle(arrived[i], arrived.Remote(i), arrived.Local(i), now, node.Outbox);
        }

        Flush(now);
    }

    private void Tick(TimeSpan now)
    {
        for (var i = _later.Count - 1; i >= 0; i--)
        {
            if (_later[i].At > now) continue;

            _later[i].Begin(now);
            _later.RemoveAt(i);
        }

        ResolveDue(now);
        foreach (var node in _nodes) node.Node.Tick(now, node.Outbox);
        foreach (var wish in _wishes) wish.Settle(now);
        _wishes.RemoveAll(w => w.IsDone);
        Volatile.Write(ref _snapshot, TakeSnapshot(now));
    }

    private void Flush(TimeSpan now)
    {
        foreach (var node in _nodes) Flush(node, now);
        foreach (var node in _nodes) Send(node);
    }

    private void Flush(BoundNode node, TimeSpan now)
    {
        var outbox = node.Outbox;
        for (var i = 0; i < outbox.Count; i++)
        {
            var datagram = outbox.Datagram(i);
            var sender = outbox.To(i).Family == node.Node.Family ? node : node.Sibling!; // seeds that one family's answers brought the other
            if (sender.Leaving.Room == 0) Send(sender);
            sender.Leaving.TryAdd(datagram, outbox.To(i), outbox.Via(i));
            _bytesSent += datagram.Length;
            _options.BytesSent?.Invoke(datagram.Length);
        }

        foreach (var told in outbox.Events) Take(node, told, now);
        outbox.Clear();
    }

    private static void Send(BoundNode node)
    {
        if (node.Leaving.Count == 0) return;

        node.Socket.Send(node.Leaving);
        node.Leaving.Clear();
    }

    private void Take(BoundNode node, DhtEvent told, TimeSpan now)
    {
        switch (told)
        {
            case PeerFound found when node.Wishes.TryGetValue(found.Task, out var wish):
                wish.Found(found.Peer);
                break;
            case Announced announced when _announceWaits.TryGetValue(announced.Key, out var waits):
                foreach (var wait in waits) wait.Ended(node, announced.Result);
                waits.RemoveAll(w => w.IsDone);
                if (waits.Count == 0) _announceWaits.Remove(announced.Key);
                break;
            case AnnouncementChecked looked when _announceWaits.TryGetValue(looked.Key, out var waits):
                waits.RemoveAll(w => w.Checked(looked.Result));
                if (waits.Count == 0) _announceWaits.Remove(looked.Key);
                break;
            case FindEnded or GetItemEnded or PutItemEnded or PingEnded when node.Wishes.TryGetValue(TaskOf(told), out var wish):
                wish.Ended(node, TaskOf(told), told);
                wish.Settle(now);
                break;
        }
    }

    private static int TaskOf(DhtEvent told) => told switch
    {
        FindEnded ended => ended.Task,
        GetItemEnded ended => ended.Task,
        PutItemEnded ended => ended.Task,
        PingEnded ended => ended.Task,
        _ => 0,
    };

    private TimeSpan Now() => _clock.GetElapsedTime(_startedAt);

    private void Post(Command command)
    {
        if (!_mailbox.Writer.TryWrite(new Mail(command))) Track(PostAsync(command));
    }

    private async Task PostAsync(Command command)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new Mail(command), _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
        {
            // Stopped meanwhile: nobody is left to do it.
        }
    }

    private async Task PostAsync(Command command, CancellationToken ct)
    {
        try
        {
            await _mailbox.Writer.WriteAsync(new Mail(command), ct);
        }
        catch (ChannelClosedException)
        {
            throw new OperationCanceledException("the DHT has stopped");
        }
    }

    private void Track(Task task)
    {
        lock (_tasksLock)
        {
            _tasks.RemoveAll(t => t.IsCompletedSuccessfully);
            _tasks.Add(task);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the DHT has stopped on an error of its own")]
    private static partial void LogFailed(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the DHT no longer receives on {EndPoint}")]
    private static partial void LogSocketFailed(ILogger logger, NetEndPoint endPoint, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the saved DHT state is damaged or of a newer version; starting without it")]
    private static partial void LogStateUnreadable(ILogger logger);

    private readonly record struct Mail
    {
        public Mail(Command command) => Command = command;

        /// <summary>Datagrams have arrived there.</summary>
        public Mail(BoundNode node) => Node = node;

        public Command? Command { get; }

        public BoundNode? Node { get; }
    }
}
