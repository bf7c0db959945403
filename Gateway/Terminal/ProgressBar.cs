namespace Gateway.Terminal;

/// <summary>A bar on standard error for work that takes longer than two seconds; on anything but a terminal, a line every ten per
/// cent.</summary>
public sealed class ProgressBar
{
    private const int Width = 28;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);
    private readonly Screen screen;
    private readonly TimeProvider clock;
    private readonly long started;
    private readonly TimeSpan patience;
    private long drawn;
    private int tenths = -1;
    private int lengthBefore;

    /// <param name="isAlwaysShown">True draws at once, not after two seconds.</param>
    public ProgressBar(Screen screen, TimeProvider clock, bool isAlwaysShown = false)
    {
        this.screen = screen;
        this.clock = clock;
        patience = isAlwaysShown ? TimeSpan.Zero : Patience;
        started = clock.GetTimestamp();
    }

    /// <summary>Shows how far the work is.</summary>
    /// <param name="done">0 to <paramref name="total"/>.</param>
    /// <param name="words">What stands behind the bar.</param>
    public void Show(long done, long total, string words)
    {
        if (clock.GetElapsedTime(started) < patience)
        {
            return;
        }

        var share = total <= 0 ? 0 : Math.Clamp((double)done / total, 0, 1);
        if (!screen.IsInteractive)
        {
            if ((int)(share * 10) > tenths)
            {
                tenths = (int)(share * 10);
                screen.Error.WriteLine($"{tenths * 10,3} % {words}");
            }

            return;
        }

        if (drawn != 0 && share < 1 && clock.GetElapsedTime(drawn) < Redraw)
        {
            return;
        }

        drawn = clock.GetTimestamp();
        var filled = (int)(share * Width);
        var line = $"{new string('█', filled)}{new string('░', Width - filled)} {(int)(share * 100),3} %  {words}";
        screen.Error.Write("\r" + line.PadRight(lengthBefore));
        lengthBefore = line.Length;
    }

    /// <summary>Ends the line, so that what follows starts on its own.</summary>
    public void End()
    {
        if (lengthBefore > 0)
        {
            screen.Error.WriteLine();
            lengthBefore = 0;
        }
    }
}
