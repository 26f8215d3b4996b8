using Microsoft.Extensions.Logging;
using Shoal.Core;
using Shoal.Wire;

namespace Shoal.Engine;

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "peer {EndPoint} closed: {Reason}")]
    public static partial void PeerClosed(ILogger logger, NetEndPoint endPoint, CloseReason reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "peer {EndPoint} sent what does not verify and is not asked again")]
    public static partial void PeerBanned(ILogger logger, string endPoint);

    [LoggerMessage(Level = LogLevel.Warning, Message = "no connections can be taken at {EndPoint} now")]
    public static partial void AcceptFailed(ILogger logger, NetEndPoint endPoint, Exception error);

    [LoggerMessage(Level = LogLevel.Critical, Message = "the swarm {InfoHash} stopped with an error")]
    public static partial void SwarmFailed(ILogger logger, InfoHash infoHash, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a connection stopped with an error")]
    public static partial void ConnectionFailed(ILogger logger, Exception error);
}
