namespace Shoal.Core.Bencode;

/// <summary>What stands next in bencoded bytes.</summary>
public enum BencodeType
{
    /// <summary>Nothing that could start a value: the end of the bytes, or a byte that belongs nowhere.</summary>
    None,
    Integer,
    String,
    List,
    Dictionary,

    /// <summary>The <c>e</c> that closes a list or a dictionary.</summary>
    End,
}
