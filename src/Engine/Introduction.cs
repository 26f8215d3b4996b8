namespace Shoal.Engine;

/// <summary>What a swarm has to say of itself in the extension handshake (BEP 10).</summary>
/// <param name="MetadataSize">Bytes of the info dictionary; 0 while it is unknown.</param>
/// <param name="TakesPex">Whether peers may tell of others: not in a private torrent (BEP 27).</param>
/// <param name="UploadOnly">Whether nothing is wanted (BEP 21).</param>
internal readonly record struct Introduction(long MetadataSize, bool TakesPex, bool UploadOnly);
