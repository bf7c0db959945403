namespace Gateway.Tests.Anchoring;

/// <summary>What a card does to writes that were not flushed when power is cut, and to the one in hand.</summary>
public enum LossKind
{
    /// <summary>All of them are lost.</summary>
    Clean,

    /// <summary>All but the one in hand are there: a killed process, whose kernel lives on.</summary>
    Written,

    /// <summary>All are there, and of the one in hand the first bytes.</summary>
    Torn,

    /// <summary>Of every one, the one in hand too, any sectors of 512 bytes are there.</summary>
    SomeSectors,

    /// <summary>Any of them are there whole, later ones without earlier ones: reordered.</summary>
    SomeWrites,
}

/// <summary>One way of losing.</summary>
/// <param name="Number">Torn: how many bytes of the write in hand are there. SomeSectors and SomeWrites: the seed of the choice.</param>
public readonly record struct Loss(LossKind Kind, int Number = 0)
{
    /// <summary>Every way, with so many choices of sectors and of writes.</summary>
    public static IReadOnlyList<Loss> All(int seeds) =>
    [
        new(LossKind.Clean), new(LossKind.Written), new(LossKind.Torn, 512), new(LossKind.Torn, 4_096), new(LossKind.Torn, 8_191),
        .. Enumerable.Range(1, seeds).SelectMany(seed => (Loss[])[new(LossKind.SomeSectors, seed), new(LossKind.SomeWrites, seed)]),
    ];

    public override string ToString() => $"{Kind} {Number}";
}
