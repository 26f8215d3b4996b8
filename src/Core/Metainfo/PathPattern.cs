namespace Shoal.Core.Metainfo;

/// <summary>A pattern for paths within a torrent: <c>*</c> is any run within an element, <c>**</c> any run across them, and <c>**/</c> any number of whole elements, none too. Case counts; all else is itself.</summary>
public sealed class PathPattern
{
    private const char Star = '\uE000', DoubleStar = '\uE001', Elements = '\uE002'; // stand for themselves in no sensible path

    private readonly string _text;
    private readonly string _tokens;

    public PathPattern(string text)
    {
        _text = text;
        var literal = new string([.. text.Select(c => c is Star or DoubleStar or Elements ? '\uFFFD' : c)]);
        _tokens = (literal.StartsWith("**/", StringComparison.Ordinal) ? Elements + literal[3..] : literal)
            .Replace("/**/", $"/{Elements}", StringComparison.Ordinal).Replace("**", DoubleStar.ToString(), StringComparison.Ordinal).Replace('*', Star);
    }

    /// <param name="path">Elements joined by <c>/</c>.</param>
    public bool Matches(string path)
    {
        // reached[i]: what stands before the token in hand matches the first i characters; so the time is the product of the lengths, whatever the pattern
        var reached = new bool[path.Length + 1];
        reached[0] = true;
        foreach (var token in _tokens)
        {
            var next = new bool[path.Length + 1];
            var isOpen = false;
            for (var i = 0; i <= path.Length; i++)
            {
                switch (token)
                {
                    case Star:
                        next[i] = isOpen = reached[i] || (isOpen && path[i - 1] != '/');
                        break;
                    case DoubleStar:
                        next[i] = isOpen |= reached[i];
                        break;
                    case Elements:
                        next[i] = reached[i] || (isOpen && path[i - 1] == '/');
                        isOpen |= reached[i];
                        break;
                    default:
                        next[i] = i > 0 && reached[i - 1] && path[i - 1] == token;
                        break;
                }
            }

            reached = next;
        }

        return reached[path.Length];
    }

    public override string ToString() => _text;
}
