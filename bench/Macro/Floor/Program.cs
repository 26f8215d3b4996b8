using Shoal.Floor;

switch (args)
{
    case ["seed", var file]:
        Seed.Run(file);
        return 0;
    case [var file, var copy]:
        Console.WriteLine(Downloader.Run(file, copy));
        return 0;
}

Console.Error.WriteLine(
    """
    usage: Shoal.Floor FILE COPY
    Copies a file through a TCP connection on loopback, from a process that seeds it to this one, with nothing between that a transfer of
    BitTorrent v2 can do without; prints as JSON how long that took, and what it cost both.
    """);
return 2;
