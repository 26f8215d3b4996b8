using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Shoal.Core;

/// <summary>An IP address and a port as a value: 6 or 18 bytes in compact form (BEP 5, BEP 32). IPv4 mapped into IPv6 is IPv4.</summary>
public readonly record struct NetEndPoint
{
    public const int AddressLengthV4 = 4;
    public const int AddressLengthV6 = 16;
    public const int CompactLengthV4 = AddressLengthV4 + sizeof(ushort);
    public const int CompactLengthV6 = AddressLengthV6 + sizeof(ushort);

    private static readonly SearchValues<char> V6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    private readonly UInt128 _address;
    private readonly ushort _port;
    private readonly bool _isV6;

    private NetEndPoint(UInt128 address, bool isV6, int port)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)port, ushort.MaxValue, nameof(port));
        if (isV6 && address >> 32 == 0xFFFF) (address, isV6) = ((uint)address, false);
        (_address, _isV6, _port) = (address, isV6, (ushort)port);
    }

    public NetEndPoint(IPAddress address, int port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        this = new NetEndPoint(Read(bytes[..length]), length == 16, port);
    }

    /// <param name="address">4 or 16 bytes as they go over the wire.</param>
    /// <param name="port">0 to 65,535.</param>
    public NetEndPoint(ReadOnlySpan<byte> address, int port)
    {
        if (address.Length is not (AddressLengthV4 or AddressLengthV6)) throw new ArgumentException("an address has 4 or 16 bytes", nameof(address));
        this = new NetEndPoint(Read(address), address.Length == AddressLengthV6, port);
    }

    public static NetEndPoint From(IPEndPoint endPoint) => new(endPoint.Address, endPoint.Port);

    public int Port => _port;

    public bool IsV6 => _isV6;

    public AddressFamily Family => _isV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;

    public int CompactLength => _isV6 ? CompactLengthV6 : CompactLengthV4;

    public IPAddress Address
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, _address);
            return new IPAddress(_isV6 ? bytes : bytes[12..]);
        }
    }

    public NetEndPoint WithPort(int port) => new(_address, _isV6, port);

    public IPEndPoint ToIPEndPoint() => new(Address, _port);

    /// <summary>Whether the two are the same machine's address, whatever the port.</summary>
    public bool SameAddress(NetEndPoint other) => _address == other._address && _isV6 == other._isV6;

    public NetworkScope Scope => _isV6 ? ScopeV6(_address) : ScopeV4((uint)_address);

    /// <summary>Whether it is this machine's or on a local network: nobody is paid for what goes there.</summary>
    public bool IsLocal => Scope is NetworkScope.Loopback or NetworkScope.LinkLocal or NetworkScope.Private;

    /// <summary>
    /// Whom it speaks for where many addresses may be one owner's: all of its IPv4 /24 or IPv6 /56, port 0, if it is global; nearer addresses count one by one,
    /// with their ports.
    /// </summary>
    public NetEndPoint Range
    {
        get
        {
            if (Scope != NetworkScope.Global) return this;

            const int FreeBitsV4 = 8, FreeBitsV6 = 72;
            var free = _isV6 ? FreeBitsV6 : FreeBitsV4;
            return new NetEndPoint(_address >> free << free, _isV6, 0);
        }
    }

    /// <summary>Whether it can be contacted at all when learnt from somebody in <paramref name="learntFrom"/>: a port, and no narrower scope.</summary>
    public bool IsUsableFrom(NetworkScope learntFrom) => _port != 0 && Scope != NetworkScope.None && Scope >= learntFrom;

    public static bool TryReadCompact(ReadOnlySpan<byte> compact, out NetEndPoint endPoint)
    {
        endPoint = default;
        if (compact.Length is not (CompactLengthV4 or CompactLengthV6)) return false;

        endPoint = new NetEndPoint(Read(compact[..^2]), compact.Length == CompactLengthV6, BinaryPrimitives.ReadUInt16BigEndian(compact[^2..]));
        return true;
    }

    /// <param name="destination">At least <see cref="CompactLength"/> bytes.</param>
    public void WriteCompact(Span<byte> destination)
    {
        WriteAddress(destination);
        BinaryPrimitives.WriteUInt16BigEndian(destination[(CompactLength - 2)..], _port);
    }

    /// <param name="destination">At least 4 bytes for IPv4, 16 for IPv6.</param>
    public void WriteAddress(Span<byte> destination)
    {
        if (_isV6) BinaryPrimitives.WriteUInt128BigEndian(destination, _address);
        else BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)_address);
    }

    /// <summary>Reads <c>1.2.3.4:9</c> or <c>[::1]:9</c>; the port is needed. Short, octal or hexadecimal IPv4 and zones of IPv6 are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NetEndPoint endPoint)
    {
        endPoint = default;
        if (text is null) return false;

        var colon = text.LastIndexOf(':');
        if (colon <= 0) return false;

        if (!TryParseAddress(text.AsSpan(0, colon), out var address)) return false;
        if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return false;

        endPoint = new NetEndPoint(address, port);
        return true;
    }

    public override string ToString() =>
        _isV6 ? string.Create(CultureInfo.InvariantCulture, $"[{Address}]:{_port}") : string.Create(CultureInfo.InvariantCulture, $"{Address}:{_port}");

    // the platform's parser takes far more: "1" is 0.0.0.1, "010" is 8, and an address in brackets may bring a zone or a port of its own
    private static bool TryParseAddress(ReadOnlySpan<char> host, [NotNullWhen(true)] out IPAddress? address)
    {
        if (host.Length > 2 && host[0] == '[' && host[^1] == ']')
        {
            host = host[1..^1];
            address = null;
            return host.Contains(':') && !host.ContainsAnyExcept(V6Characters) && IPAddress.TryParse(host, out address);
        }

        return IPAddress.TryParse(host, out address) && address.AddressFamily == AddressFamily.InterNetwork && host.SequenceEqual(address.ToString());
    }

    private static UInt128 Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length == 16 ? BinaryPrimitives.ReadUInt128BigEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);

    private static NetworkScope ScopeV4(uint address)
    {
        var first = address >> 24;
        if (first == 0 || first >= 224) return NetworkScope.None;
        if (first == 127) return NetworkScope.Loopback;
        if (address >> 16 == 0xA9FE) return NetworkScope.LinkLocal; // 169.254/16
        var isPrivate = first == 10
            || address >> 20 == 0xAC1 // 172.16/12
            || address >> 16 == 0xC0A8 // 192.168/16
            || address >> 22 == 0x6440 >> 6; // 100.64/10
        return isPrivate ? NetworkScope.Private : NetworkScope.Global;
    }

    private static NetworkScope ScopeV6(UInt128 address)
    {
        if (address == 0 || address >> 120 == 0xFF) return NetworkScope.None;
        if (address == 1) return NetworkScope.Loopback;
        if (address >> 118 == 0xFE80 >> 6) return NetworkScope.LinkLocal;
        return address >> 121 == 0xFC >> 1 ? NetworkScope.Private : NetworkScope.Global;
    }
}
