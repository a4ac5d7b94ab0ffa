package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.ip.IcmpError;
import wisp.core.tcp.EndCause;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.Upcalls;

/**
 * Hands what TCP says to the connection's {@link ConnectionHandler}. Whatever a handler throws,
 * Errors too, ends that one connection: it is reported, and the burst goes on.
 */
final class HandlerUpcalls implements Upcalls {
  /** Made once: most connections end so, millions of them. */
  private static final CloseReason ORDERLY = new CloseReason.Closed();

  /** Ends a connection whose handler threw. */
  @FunctionalInterface
  interface OnFailure {
    void abort(Tcb tcb);
  }

  private final Context context;
  private final Bindings bindings;
  private final Counters counters;
  private @Nullable Restoration restoration;
  private @Nullable OnFailure onFailure;
  private @Nullable Consumer<Throwable> reporter;
  private @Nullable Throwable failure;

  HandlerUpcalls(Context context, Bindings bindings, Counters counters) {
    this.context = context;
    this.bindings = bindings;
    this.counters = counters;
  }

  void onFailure(OnFailure action) {
    onFailure = action;
  }

  void reportTo(Consumer<Throwable> consumer) {
    reporter = consumer;
  }

  private ConnectionHandler handler(Tcb tcb) {
    ConnectionHandler handler = bindings.handler(tcb.binding);
    if (restoration != null && restoration.tells(tcb.slot)) {
      handler.onRestored(context, tcb.handle);
    }
    return handler;
  }

  /** Before anything else is told of a connection from a former process, that is. */
  void restoredBy(Restoration source) {
    restoration = source;
  }

  /** A connection from a former process goes on. */
  void restored(Tcb tcb) {
    try {
      handler(tcb);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void opened(Tcb tcb) {
    try {
      handler(tcb).onOpen(context, tcb.handle);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void data(Tcb tcb, MemorySegment memory, long start, int length) {
    try {
      handler(tcb).onData(context, tcb.handle, memory, start, length);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void acknowledged(Tcb tcb, int bytes) {
    try {
      handler(tcb).onAcknowledged(context, tcb.handle, bytes);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void released(Tcb tcb, int frame, int acknowledgedBytes) {
    try {
      handler(tcb).onReleased(context, tcb.handle, frame, acknowledgedBytes);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void writable(Tcb tcb) {
    try {
      handler(tcb).onWritable(context, tcb.handle);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void urgent(Tcb tcb, int bytesAhead) {
    try {
      handler(tcb).onUrgent(context, tcb.handle, bytesAhead);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void peerClosed(Tcb tcb) {
    try {
      handler(tcb).onPeerClosed(context, tcb.handle);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void unreachable(Tcb tcb, IcmpError error) {
    if (!wantsReports(tcb)) {
      return;
    }
    try {
      handler(tcb).onUnreachable(context, tcb.handle, error.type, error.code);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  @Override
  public void troubled(Tcb tcb, int resends) {
    if (!wantsReports(tcb)) {
      return;
    }
    try {
      handler(tcb).onTrouble(context, tcb.handle, resends);
    } catch (Throwable e) {
      failed(tcb, e);
    }
  }

  private boolean wantsReports(Tcb tcb) {
    return bindings.profile(tcb.binding).errorReports();
  }

  @Override
  public void ended(Tcb tcb, EndCause cause) {
    ConnectionHandler handler = bindings.handler(tcb.binding);
    try {
      handler(tcb); // which tells first, if need be, that it had been restored
    } catch (Throwable e) {
      report(e); // there is nothing left to abort, and the last call comes all the same
    }
    try {
      handler.onClosed(context, tcb.handle, reason(tcb, cause));
    } catch (Throwable e) {
      report(e);
    }
  }

  private CloseReason reason(Tcb tcb, EndCause cause) {
    return switch (cause) {
      case CLOSED -> ORDERLY;
      case RESET -> new CloseReason.ResetByPeer();
      case REFUSED -> new CloseReason.Refused();
      case UNREACHABLE -> new CloseReason.Unreachable(tcb.icmpType, tcb.icmpCode);
      case ABORTED -> new CloseReason.Aborted();
      case TIMED_OUT -> new CloseReason.TimedOut(tcb.backOff);
      case MEMORY_SHORT -> new CloseReason.MemoryShort();
      case HANDLER_FAILED ->
          new CloseReason.HandlerFailed(failure == null ? new IllegalStateException() : failure);
      case CONTEXT_CLOSED -> new CloseReason.ContextClosed();
    };
  }

  private void failed(Tcb tcb, Throwable e) {
    report(e);
    Throwable before = failure;
    failure = e;
    if (onFailure != null) {
      onFailure.abort(tcb);
    }
    failure = before;
  }

  /** An exception of a handler: counted, and told to whoever wants to know. */
  void report(Throwable e) {
    counters.add(Counters.Event.HANDLER_FAILURES);
    if (reporter != null) {
      try {
        reporter.accept(e);
      } catch (Throwable ignored) {
        // A reporter that fails must not take the stack with it; the failure has been counted.
      }
    }
  }
}
