namespace Shoal.Wire.Extensions;

/// <summary>Kinds of <c>ut_metadata</c> messages (BEP 9); others are passed over.</summary>
public enum MetadataMessageType
{
    Request = 0,
    Data = 1,
    Reject = 2,
}
