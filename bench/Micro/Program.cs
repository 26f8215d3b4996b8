using Shoal.Micro;

switch (args)
{
    case ["dht"]: return DhtBench.Run(Console.Out);
    case ["hash"]: return HashBench.Run(Console.Out);
    case ["hash-all", var bytes]: return HashAllBench.Run(long.Parse(bytes), Console.Out);
}

Console.Error.WriteLine(
    """
    usage: Shoal.Micro WHAT
      dht     queries that the core of the DHT answers a second, on one thread
      hash    bytes that one core hashes a second, by each way that SHA-256 goes here
      hash-all BYTES    seconds that all cores need to hash so many into the roots of pieces; then waits for its input to end
    """);
return 2;
