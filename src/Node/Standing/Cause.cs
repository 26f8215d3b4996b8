namespace Shoal.Node.Standing;

/// <summary>Why a torrent stands as it does.</summary>
internal enum Cause
{
    /// <summary>Nothing is missing that is wanted.</summary>
    Done,

    /// <summary>Nothing is missing, and nobody has come for it.</summary>
    NoIncoming,

    /// <summary>It goes.</summary>
    Goes,

    /// <summary>It goes as fast as we allow.</summary>
    OurLimit,

    /// <summary>No command fetches it.</summary>
    NotFetching,

    /// <summary>What is on the disk already is looked at.</summary>
    Preparing,
    OurDisk,
    WaitingForMetadata,
    PrivateWithoutTracker,

    /// <summary>The DHT knows no node, so nobody can be found.</summary>
    NoContacts,
    NobodyHasIt,
    Connecting,

    /// <summary>Only connections that failed.</summary>
    CannotConnect,
    HashFailures,
    NobodyHasThesePieces,
    AllChokeUs,

    /// <summary>Those who let us ask do not answer.</summary>
    PeersAreSilent,
}
