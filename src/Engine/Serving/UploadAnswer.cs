namespace Shoal.Engine.Serving;

internal enum UploadAnswer
{
    Taken,

    /// <summary>The peer is choked.</summary>
    Refused,

    /// <summary>It asks for more than it was told we keep.</summary>
    TooMany,
}
