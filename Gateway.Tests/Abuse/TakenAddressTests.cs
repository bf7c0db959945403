using System.Net;
using System.Net.Sockets;

namespace Gateway.Tests.Abuse;

// Goal: an address that another program has costs no reading, and is said in words.
// Method: the real programs, a listener of ours on their addresses.
public sealed class TakenAddressTests
{
    // F-150
    [Fact]
    public async Task A_gateway_whose_status_page_has_no_address_records_all_the_same_and_says_so()
    {
        await using var convoy = await Convoy.Make(new());
        using var neighbour = new TcpListener(IPAddress.Loopback, convoy.StatusPage.Port);
        neighbour.Start();
        convoy.StartGateway();
        var gateway = convoy.Gateway!;
        await Convoy.Until(() => Task.FromResult(gateway.Said.Contains("The status page cannot be at", StringComparison.Ordinal)),
            () => gateway.HasEnded ? gateway.Said : null, "the gateway to say so");
        var copy = new JournalCopy();
        await Convoy.Until(() =>
        {
            copy.Look(convoy.GatewayData);
            return Task.FromResult(copy.Rounds.Any());
        }, () => gateway.HasEnded ? gateway.Said : null, "a round in its journal");
        Assert.True(await gateway.Terminate(TimeSpan.FromMinutes(4)));
        Assert.Equal(0, gateway.ExitCode);
        Assert.Matches("Stopped in an orderly way: [1-9][0-9,]* readings recorded", gateway.Said);
        Assert.Equal(0, (await convoy.FsckGateway()).Code);
    }

    // F-151
    [Fact]
    public async Task A_ledger_whose_pages_have_no_address_says_whose_fault_it_is_in_a_line()
    {
        await using var convoy = await Convoy.Make(new());
        using var neighbour = new TcpListener(IPAddress.Loopback, convoy.Pages.Port);
        neighbour.Start();
        convoy.StartLedger();
        Assert.True(await convoy.Ledger!.Ended(TimeSpan.FromMinutes(4)));
        Assert.Equal(1, convoy.Ledger.ExitCode);
        Assert.Contains("The ledger cannot listen: Address already in use.", convoy.Ledger.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", convoy.Ledger.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("The disk refuses", convoy.Ledger.Said, StringComparison.Ordinal);
    }
}
