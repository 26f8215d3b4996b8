namespace Shoal.Core;

/// <summary>How far an address reaches, narrowest first. An endpoint of narrower scope than where it was learnt is dropped.</summary>
public enum NetworkScope
{
    /// <summary>Unspecified, multicast or broadcast: nobody to talk to.</summary>
    None,
    Loopback,
    LinkLocal,

    /// <summary>RFC 1918, RFC 6598 (shared) and unique local IPv6.</summary>
    Private,
    Global,
}
