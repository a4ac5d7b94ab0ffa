package wisp.drivers.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * How C functions that set {@code errno} are called: plain downcalls whose first argument is the
 * place where it is captured.
 */
final class Downcalls {
  /** Where {@code errno} is captured. */
  static final StructLayout CAPTURE = Linker.Option.captureStateLayout();

  private static final VarHandle ERRNO =
      CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final Linker LINKER = Linker.nativeLinker();

  private Downcalls() {}

  /**
   * A function of the C library.
   *
   * @param firstVariadic index of its first variadic argument; −1: it has none
   */
  static MethodHandle function(
      String name, int firstVariadic, ValueLayout result, MemoryLayout... arguments) {
    Linker.Option capture = Linker.Option.captureCallState("errno");
    Linker.Option[] options =
        firstVariadic < 0
            ? new Linker.Option[] {capture}
            : new Linker.Option[] {capture, Linker.Option.firstVariadicArg(firstVariadic)};
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(result, arguments),
        options);
  }

  /** What the function returned, or {@code −errno} where that is −1. */
  static int orErrno(MemorySegment errno, int result) {
    return result == -1 ? -(int) ERRNO.get(errno, 0L) : result;
  }

  /** As above, for functions that return addresses or sizes. */
  static long orErrno(MemorySegment errno, long result) {
    return result == -1 ? -(int) ERRNO.get(errno, 0L) : result;
  }

  /** A downcall throws nothing, save what the JVM itself does. */
  static Error unexpected(Throwable thrown) {
    return thrown instanceof Error error ? error : new AssertionError(thrown);
  }
}
