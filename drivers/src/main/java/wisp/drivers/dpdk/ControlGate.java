package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps DPDK's own thread from unmapping the memory of a peer that is gone while a burst reads or
 * writes it. That thread calls alarms, and does what the control sockets of memif ask for, one
 * after the other; so an alarm that does not return holds up all the rest.
 *
 * <pre>
 *   DPDK's thread   │ alarm: parked, bursts may run   │ sockets │ alarm: parked …
 *   state           │ HELD                            │ WINDOW  │ HELD
 * </pre>
 *
 * <p>A window is opened when no burst is under way, and what wants to begin one waits for its end,
 * some 0.1 ms. While nobody is connected there is nothing to protect, and no burst to be had. No
 * burst takes a lock: each link says in a word of its own that it is in one.
 */
final class ControlGate {
  private static final long HELD_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** The same while someone waits to be connected, which takes a dozen messages. */
  private static final long SHORTER_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** What the alarm is late by at least: then the sockets get their turn before it. */
  private static final int WINDOW_MICROS = 100;

  private static final int UNCONNECTED_MICROS = 1_000;

  /** Waited for the end of a window; then there was no burst this time. */
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int SPINS = 1_000;

  private enum State {
    /** Nobody is connected, or nobody wants to be: no bursts, and none is missed. */
    FREE,
    /** DPDK's thread does what it has to do. */
    WINDOW,
    /** It is parked. */
    HELD
  }

  private final Librte librte;
  private final long alarm;
  private final CopyOnWriteArrayList<Pass> passes = new CopyOnWriteArrayList<>();
  private volatile State state = State.FREE;
  private volatile boolean asked;
  private volatile @Nullable Thread itsThread;
  private boolean runs;

  ControlGate(Librte librte) {
    this.librte = librte;
    try {
      alarm =
          Linker.nativeLinker()
              .upcallStub(
                  MethodHandles.lookup()
                      .bind(this, "alarm", MethodType.methodType(void.class, long.class)),
                  FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG),
                  Arena.global())
              .address();
    } catch (NoSuchMethodException | IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /** One link's right to bursts. One thread at a time. */
  final class Pass {
    private final BooleanSupplier connected;
    private volatile boolean inBurst;

    private Pass(BooleanSupplier connected) {
      this.connected = connected;
    }

    /** Whether a burst may begin; it is to be followed by {@link #leave}. */
    boolean enter() {
      inBurst = true; // before the state is read: either side sees the other
      return state == State.HELD || waitForEndOfWindow();
    }

    private boolean waitForEndOfWindow() {
      inBurst = false;
      long begun = System.nanoTime();
      for (int round = 0;
          state != State.FREE && System.nanoTime() - begun < PATIENCE_NANOS;
          round++) {
        if (state == State.HELD) {
          inBurst = true;
          if (state == State.HELD) {
            return true;
          }
          inBurst = false;
        }
        pause(round);
      }
      return false;
    }

    void leave() {
      inBurst = false;
    }

    /** No more bursts. */
    void close() {
      passes.remove(this);
      hurry();
    }

    /** Whether bursts are let through as long as the peer is there. */
    boolean isOpen() {
      return state != State.FREE;
    }
  }

  /**
   * One more link.
   *
   * @param connected asked on DPDK's thread
   */
  Pass join(BooleanSupplier connected) {
    var pass = new Pass(connected);
    passes.add(pass);
    synchronized (this) {
      if (!runs) {
        runs = true;
        arm(1);
      }
    }
    hurry();
    return pass;
  }

  /** Opens a window soon. */
  void hurry() {
    asked = true;
    LockSupport.unpark(itsThread);
  }

  /** On DPDK's thread. What it threw would end the JVM. */
  @SuppressWarnings("unused") // called by DPDK
  private void alarm(long nothing) {
    itsThread = Thread.currentThread();
    int connected = 0;
    for (Pass pass : passes) {
      connected += pass.connected.getAsBoolean() ? 1 : 0;
    }
    if (connected > 0) {
      hold(connected == passes.size() ? HELD_NANOS : SHORTER_NANOS);
      arm(WINDOW_MICROS);
      return;
    }
    state = State.FREE;
    synchronized (this) {
      runs = !passes.isEmpty();
      if (!runs) {
        return;
      }
    }
    arm(UNCONNECTED_MICROS);
  }

  private void hold(long nanos) {
    state = State.HELD;
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0 && !asked; left = end - System.nanoTime()) {
      LockSupport.parkNanos(this, left);
    }
    asked = false;
    state = State.WINDOW;
    for (Pass pass : passes) {
      for (int round = 0; pass.inBurst; round++) {
        pause(round);
      }
    }
  }

  /** The other thread is quick, unless it has been interrupted. */
  private static void pause(int round) {
    if (round < SPINS) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  private void arm(int micros) {
    while (librte.callInt("rte_eal_alarm_set", micros, alarm, 0) != 0) {
      LockSupport.parkNanos(this, SHORTER_NANOS); // no memory: it would never be held again
    }
  }
}
