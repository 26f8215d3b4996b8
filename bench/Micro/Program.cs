using Shoal.Micro;

if (args is ["dht"]) return DhtBench.Run(Console.Out);

Console.Error.WriteLine("usage: Shoal.Micro dht    queries that the core of the DHT answers a second, on one thread");
return 2;
