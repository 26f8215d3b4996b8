namespace Shoal.Wire;

/// <summary>Why a connection ended, and so whose fault it was.</summary>
public enum CloseReason
{
    None,

    /// <summary>The other side closed it, or the network did.</summary>
    Disconnected,

    /// <summary>We are stopping.</summary>
    Stopping,

    /// <summary>Nobody answered, or the handshake did not come in time.</summary>
    ConnectFailed,

    /// <summary>The opening is not BitTorrent's, or names no swarm of ours.</summary>
    BadHandshake,

    /// <summary>It is ourselves.</summary>
    Self,

    /// <summary>We have a connection to this peer already.</summary>
    Duplicate,

    /// <summary>More connections than there is room for.</summary>
    TooMany,

    /// <summary>A message longer than it may be.</summary>
    MessageTooLong,

    /// <summary>A message whose payload is not what its type says.</summary>
    MalformedMessage,

    /// <summary>A bitfield at the wrong time or of the wrong size.</summary>
    BadBitfield,

    /// <summary>A piece that does not exist.</summary>
    OutOfRange,

    /// <summary>Blocks that nobody asked for.</summary>
    Unsolicited,

    /// <summary>More requests than we said we take.</summary>
    TooManyRequests,

    /// <summary>More messages of an extension than that allows.</summary>
    TooTalkative,

    /// <summary>It does not read what we send.</summary>
    ReadsTooSlowly,

    /// <summary>A block or hash that does not verify.</summary>
    Corrupt,

    /// <summary>Silent for too long.</summary>
    TimedOut,

    /// <summary>Neither side can have anything for the other.</summary>
    NothingToDo,

    /// <summary>Our disk failed; the peer did nothing wrong.</summary>
    OurFault,
}
