using System.Runtime.InteropServices;
using System.Text;
using Gateway.Verbs;

namespace Gateway.Hosting;

/// <summary>What the program says when no memory is left, and its end. Whatever that takes is laid ready while there is some.</summary>
/// <remarks>Every step of an orderly end needs memory, too, and the program would stand there neither recording nor ending. What is recorded is
/// on the disk; systemd starts it anew, and the next start declares the gap. The words are no promise: a thread of the runtime's own may find no
/// memory first, and ends the program without them. So the next start says it (F-46, docs/decisions/0135).</remarks>
internal static partial class LastWords
{
    private const int Error = 2;

    private static readonly byte[] Line = Encoding.UTF8.GetBytes("The gateway has no memory left and ends at once; what it has recorded is safe, "
        + "and systemd starts it again. If this comes back, look for another program that takes the memory (systemd-cgtop).\n");

    /// <summary>From now on the words are also said when another thread finds no memory, which ends the program by itself.</summary>
    public static void Prepare() => AppDomain.CurrentDomain.UnhandledException += (_, unhandled) =>
    {
        if (unhandled.ExceptionObject is Exception fault && AreFor(fault))
        {
            End();
        }
    };

    /// <summary>Whether a fault means that no memory is left: also within a type that could not be made ready for want of it.</summary>
    public static bool AreFor(Exception fault) => fault is OutOfMemoryException
        || (fault is TypeInitializationException or AggregateException && fault.InnerException is { } inner && AreFor(inner));

    /// <summary>Says the words and ends the program at once: no handler, no buffer and no other thread has a say in it.</summary>
    public static void End()
    {
        _ = write(Error, ref Line[0], (nuint)Line.Length);
        _exit(ExitCode.Failed);
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint write(int file, ref byte bytes, nuint length);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void _exit(int code);
}
