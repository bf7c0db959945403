using CsCheck;
using Evidence;
using Gateway.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Gateway.Tests.Gateway;

/// <summary>When rounds are due: on whole multiples of the interval, each slot at most once, and a missed one never later.</summary>
public sealed class SlotGridTests
{
    [Fact]
    public void The_first_round_is_due_at_once_and_the_next_one_interval_later()
    {
        var grid = new SlotGrid(60_000);
        Assert.True(grid.TryTake(3, out var missed));
        Assert.Equal(0, missed);
        Assert.False(grid.TryTake(59_999, out _));
        Assert.Equal(1, grid.UntilNextMs(59_999));
        Assert.True(grid.TryTake(60_000, out missed));
        Assert.Equal(0, missed);
    }

    [Fact]
    public void A_machine_that_slept_has_missed_slots_and_they_are_counted_not_filled()
    {
        var grid = new SlotGrid(1_000);
        Assert.True(grid.TryTake(0, out _));
        Assert.True(grid.TryTake(5_400, out var missed));
        Assert.Equal(4, missed);
        Assert.False(grid.TryTake(5_999, out _));
        Assert.True(grid.TryTake(6_000, out missed));
        Assert.Equal(0, missed);
    }

    [Fact]
    public void Taken_and_missed_slots_together_are_all_slots() => Gen.Int[0, 5_000].Array[1, 60].Sample(steps =>
    {
        var grid = new SlotGrid(700);
        long uptime = 0, slots = 0;
        foreach (var step in steps)
        {
            uptime += step;
            slots += grid.TryTake(uptime, out var missed) ? missed + 1 : 0;
            Assert.Equal((uptime / 700) + 1, slots);
        }
    });

    [Fact]
    public void Uptime_does_not_move_with_the_wall_clock_and_an_unset_clock_says_so()
    {
        var clock = new SteppingClock();
        var moments = new MomentClock(clock, 7, () => new(ClockTrust.Ntp, 12), 77);
        clock.Advance(TimeSpan.FromSeconds(5));
        clock.WallOffset = TimeSpan.FromDays(-20_000);
        var moment = moments.Now();
        Assert.Equal((7u, 5_000L, ClockTrust.Unset), (moment.Boot, moment.UptimeMs, moment.Trust));
        Assert.Equal(Moment.WallFloorMs + 77 + 5_000, moment.WallMs); // F-160: each session has its own part.
        clock.WallOffset = TimeSpan.Zero;
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((6_000L, ClockTrust.Ntp, 12u), (moments.Now().UptimeMs, moments.Now().Trust, moments.Now().ErrorMs));
    }

    [Fact]
    public void The_kernel_is_asked_for_the_clocks_state_without_waiting_and_without_an_error()
    {
        var state = ClockSource.Read();
        Assert.True(Enum.IsDefined(state.Trust));
    }

    private sealed class SteppingClock : FakeTimeProvider
    {
        public TimeSpan WallOffset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallOffset;

        public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
    }
}
