using System.Security.Cryptography;
using Evidence;

namespace Gateway.Tests.Wire;

/// <summary>The two keys of one gateway, in memory.</summary>
internal sealed class TestKeys : IDisposable
{
    public TestKeys(GatewayId? gateway = null)
    {
        var uuid = RandomNumberGenerator.GetBytes(16);
        Gateway = gateway ?? GatewayId.FromBytes(uuid);
    }

    public GatewayId Gateway { get; }

    public ECDsa Evidence { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ECDsa Tls { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public EnrolmentRequest Request() => EnrolmentRequest.Create(Gateway, Evidence, Tls,
        [new ManifestChannel("rear, top", "S1", new(2_000), new(8_000), 60_000, default, null, Digest.Of([1]))], GatewayTraits.SoftwareKey);

    public void Dispose()
    {
        Evidence.Dispose();
        Tls.Dispose();
    }
}
