using System.Globalization;

namespace Shoal.Core.Metainfo;

/// <summary>The names in one folder, told apart where mending made them alike: the second <c>a</c> is <c>a.1</c>.</summary>
internal sealed class SiblingNames
{
    private readonly Dictionary<string, int> _used = [];

    public string Take(string element)
    {
        if (_used.TryAdd(element, 0)) return element;

        // the count is kept, so that a folder full of namesakes costs no more than one step for each
        var count = _used[element];
        string name;
        do
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{element}.{++count}");
        }
        while (!_used.TryAdd(name, 0));

        _used[element] = count;
        return name;
    }
}
