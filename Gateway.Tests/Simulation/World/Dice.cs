namespace Gateway.Tests.Simulation;

/// <summary>All chance of one simulated year, from one number: SplitMix64 (Steele, Lea, Flood 2014).</summary>
public sealed class Dice(ulong seed)
{
    private ulong state = seed;

    public ulong Next()
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>Dice of their own for one part of the world, so that a change in one part leaves the others' chance as it was.</summary>
    public Dice Fork() => new(Next());

    /// <summary>Between two numbers, both included.</summary>
    public long Between(long least, long most) => least + (long)(Next() % (ulong)(most - least + 1));

    /// <summary>Between two numbers, small ones as likely as large ones: 1 to 10 as often as 10 to 100.</summary>
    public long Spread(long least, long most) =>
        Math.Clamp((long)(least * Math.Pow((double)most / least, (Next() >> 11) / (double)(1UL << 53))), least, most);

    /// <summary>True once in so many calls, on average.</summary>
    public bool OnceIn(long calls) => Next() % (ulong)calls == 0;

    public bool Coin() => OnceIn(2);

    public T Of<T>(ReadOnlySpan<T> choices) => choices[(int)Between(0, choices.Length - 1)];
}
