using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using Shoal.Cli.Arguments;
using Shoal.Discovery.Trackers;
using Shoal.Engine;
using Shoal.Engine.Encryption;
using Shoal.Engine.WebSeeds;

namespace Shoal.Cli.Commands;

/// <summary>Options whose text is checked as it is read, with a sentence for what is wrong.</summary>
internal static class Typed
{
    private delegate bool TryRead<T>(string text, out T value);

    public static Option<long?> Rate(string name, string description) => Make<long?>(
        name, "RATE", description, static (string text, out long? value) => Lift(Quantity.TryReadRate(text, out var rate), rate, out value),
        "is no rate: write bytes a second, such as 5MB, 5MiB or 500k; 0 is no limit");

    public static Option<long?> Size(string name, string description) => Make<long?>(
        name, "SIZE", description, static (string text, out long? value) => Lift(Quantity.TryReadSize(text, out var size) && size > 0, size, out value),
        "is no size: write bytes, such as 64MiB or 100MB");

    public static Option<long?> Memory(string name, string description) => Make<long?>(
        name, "SIZE", description, static (string text, out long? value) => Lift(Quantity.TryReadSize(text, out var size) && size >= EngineOptions.LeastMemory, size, out value),
        "is no size, or too small: write bytes, 4MiB at least");

    public static Option<long?> SizeFromZero(string name, string description) => Make<long?>(
        name, "SIZE", description, static (string text, out long? value) => Lift(Quantity.TryReadSize(text, out var size), size, out value),
        "is no size: write bytes, such as 64MiB or 100MB");

    public static Option<int?> Port(string name, string description) => Make<int?>(
        name, "N", description, static (string text, out int? value) => Lift(ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port), (int)port, out value),
        "is no port: write a number from 0 to 65535");

    public static Option<double?> Seconds(string name, string description) => Make<double?>(
        name, "SECONDS", description,
        static (string text, out double? value) => Lift(double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1e9, seconds, out value),
        "is no time: write seconds, such as 30");

    public static Option<long?> Number(string name, string description) => Make<long?>(
        name, "N", description, static (string text, out long? value) => Lift(long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number), number, out value),
        "is no number: write one from 0 up");

    public static Option<EncryptionMode?> Encryption(string name, string description) => Make<EncryptionMode?>(
        name, "MODE", description, static (string text, out EncryptionMode? value) => (value = text switch
        {
            "allow" => EncryptionMode.Allow,
            "prefer" => EncryptionMode.Prefer,
            "require" => EncryptionMode.Require,
            "off" => EncryptionMode.Off,
            _ => null,
        }) is not null,
        "is no mode: write allow, prefer, require or off");

    public static Option<IPAddress[]> Addresses(string name, string description) => MakeMany(
        name, "ADDRESS", description, static (string text, out IPAddress value) => IPAddress.TryParse(text, out value!),
        "is no address of this machine: write one such as 192.168.1.5 or ::1, without a port");

    public static Option<string[]> HostPorts(string name, string description) => MakeMany(
        name, "HOST:PORT", description, static (string text, out string value) => HostPort.IsValid(value = text),
        "is no HOST:PORT: write it like 10.0.0.5:9000, [fe80::1]:9000 or node.example:9000");

    public static Option<string[]> WebSeeds(string name, string description) => MakeMany(
        name, "URL", description, static (string text, out string value) => WebSeedUrl.TryParse(value = text, out _),
        "is no URL of a web server: write one such as https://files.example/pub/, without user or fragment");

    public static Option<string[]> Trackers(string description) => MakeMany(
        "--tracker", "URL", description, static (string text, out string value) => TrackerUrl.TryParse(value = text, out _),
        "is no tracker: write its announce URL, such as http://tracker.example/announce or udp://tracker.example:6969");

    public static Option<string[]> Patterns(string name, string description) => MakeMany(
        name, "PATTERN", description, static (string text, out string value) => (value = text).Length > 0 && !text.StartsWith("--", StringComparison.Ordinal),
        "is no pattern: write a path within the torrent, such as docs/*.txt or **/*.jpg");

    private static bool Lift<T>(bool read, T value, out T? lifted)
        where T : struct
    {
        lifted = value;
        return read;
    }

    private static Option<T> Make<T>(string name, string help, string description, TryRead<T> read, string wrong) => new(name)
    {
        HelpName = help,
        Description = description,
        CustomParser = result => Read(result, result.Tokens[0].Value, read, name, wrong),
    };

    private static Option<T[]> MakeMany<T>(string name, string help, string description, TryRead<T> read, string wrong) => new(name)
    {
        HelpName = help,
        Description = description,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
        CustomParser = result => [.. result.Tokens.Select(token => Read(result, token.Value, read, name, wrong)!)],
    };

    private static T? Read<T>(ArgumentResult result, string text, TryRead<T> read, string name, string wrong)
    {
        if (read(text, out var value)) return value;

        result.AddError($"{name}: '{text}' {wrong}.");
        return default;
    }
}
