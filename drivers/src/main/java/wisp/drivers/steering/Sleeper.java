package wisp.drivers.steering;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Whether the reader of some rings sleeps, so that their writers wake it only then. The reader says
 * that it is about to and looks once more; a writer publishes and looks whether the reader sleeps;
 * a full fence between the two steps of each lets at least one of them see the other (Dekker).
 */
final class Sleeper {
  private static final VarHandle ASLEEP;

  static {
    try {
      ASLEEP = MethodHandles.lookup().findVarHandle(Sleeper.class, "asleep", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // by its handle
  private boolean asleep;

  /** The reader's: it will sleep, unless there is something after all. */
  void begin() {
    ASLEEP.setVolatile(this, true);
    VarHandle.fullFence();
  }

  /** The reader's: it is awake. */
  void end() {
    ASLEEP.setVolatile(this, false);
  }

  /** A writer's, after it has published: whether it is the one to wake the reader. */
  boolean mustWake() {
    VarHandle.fullFence();
    return (boolean) ASLEEP.getOpaque(this) && (boolean) ASLEEP.compareAndSet(this, true, false);
  }
}
