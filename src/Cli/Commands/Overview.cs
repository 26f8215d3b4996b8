using Shoal.Cli.Output;

namespace Shoal.Cli.Commands;

/// <summary>What <c>shoal</c> alone says.</summary>
internal static class Overview
{
    public static void Show(Screen screen)
    {
        (string Command, string What)[] commands =
        [
            ("shoal share PATH...", "offer files or folders; prints a link for each"),
            ("shoal get LINK", "fetch what a link names, from everybody who has it"),
            ("shoal node", "serve all that the store holds"),
            ("shoal list", "what the store holds"),
            ("shoal find ID", "who has a torrent, a file or a chunk"),
            ("shoal status [ID]", "how each torrent stands: pieces, peers, rates"),
            ("shoal why ID", "why a download does not go"),
            ("shoal limit [ID]", "change rate limits while it runs, or show them"),
            ("shoal verify [ID]", "prove again what the store holds"),
            ("shoal remove ID", "forget it"),
            ("shoal relocate ID PATH", "say that it was moved"),
            ("shoal pin ID, unpin ID", "keep it whatever room is needed, or not"),
            ("shoal gc --keep SIZE", "make room: the least recently used goes first"),
            ("shoal du [ID]", "what each torrent takes, and all together"),
            ("shoal inspect LINK|FILE", "what a link or a .torrent says"),
            ("shoal dht", "the DHT as this node sees it, and asking it directly"),
            ("shoal demo", "a whole swarm on this machine, in half a minute"),
        ];
        var lines = new Pages(screen.Console);
        screen.Console.Write(new Line().Add("Shoal", Look.Strong).Add(" shares files without a server: more downloaders make it faster."));
        lines.Raw("");
        foreach (var (command, what) in commands) screen.Console.Write(new Line().Add($"  {command,-25}", Look.Accent).Add(what));
        lines.Raw("");
        lines.Raw("Begin with 'shoal demo'. 'shoal COMMAND --help' says more.");
    }
}
