using System.CommandLine;
using System.Text;
using Shoal.Dht.Items;

namespace Shoal.Cli.Commands;

/// <summary>Options of what goes into the DHT and comes out of it.</summary>
internal static class ItemOptions
{
    public static Option<string> Salt(string description)
    {
        var salt = new Option<string>("--salt") { HelpName = "TEXT", Description = description };
        salt.Validators.Add(result =>
        {
            var length = result.Tokens.Count > 0 ? Encoding.UTF8.GetByteCount(result.Tokens[0].Value) : 0;
            if (length > DhtItem.MaxSaltLength) result.AddError($"--salt: it has {length} bytes, and may have {DhtItem.MaxSaltLength}.");
        });
        return salt;
    }
}
