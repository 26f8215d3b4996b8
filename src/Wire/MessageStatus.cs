namespace Shoal.Wire;

public enum MessageStatus
{
    Incomplete,
    Whole,
    TooLong,
}
