package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.ip.IpAddress;
import wisp.core.ip.SourceRoute;
import wisp.core.spi.Burst;
import wisp.core.spi.Entropy;
import wisp.core.spi.Footprint;
import wisp.core.spi.FrameAllocator;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.SocketBuffers;
import wisp.core.tcp.EndCause;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.UserCalls;

/**
 * A TCP/IP stack for one thread: connections over one link, in one memory strategy. Nothing is
 * shared between contexts; more cores take more contexts.
 *
 * <p>Connections are named by handles, {@code long}s that are never negative. A handle whose
 * connection has ended is refused: the calls answer false. All times are nanoseconds since any
 * fixed moment and never go back.
 *
 * <p>Drive it by calling {@link #poll} whenever the link is readable and no later than {@link
 * #nextDeadlineNanos}.
 */
public final class Context implements AutoCloseable {
  /** connect: no free port for this destination. */
  public static final long NO_PORT = -1;

  /** connect: no memory for a record or block, or no binding free. */
  public static final long NO_MEMORY = -2;

  /**
   * connect: the remote address is no unicast address that can be reached, or the local one is not
   * ours.
   */
  public static final long NO_ROUTE = -3;

  /** frame: no memory. */
  public static final int NO_FRAME = FrameAllocator.NONE;

  private static final int TIMERS_A_POLL = 1_024;

  private final MemoryStrategy memory;
  private final FrameAllocator frames;
  private final int largestFrame;
  private final Link link;
  private final Machinery machinery;
  private final boolean sourceRoutes;
  private final Burst burst = new Burst();
  private boolean polling;
  private long deadlineBefore;
  private boolean closed;

  /**
   * An empty stack. Link and memory are shared with it: the context uses them until {@link #close},
   * which closes neither. Close the link before the memory: it may still read frames ({@link
   * Link#gathersDone}).
   *
   * @param entropy for the secrets: drawn from in here only
   * @throws IllegalArgumentException when link and configuration don't fit
   */
  public Context(ContextConfig config, MemoryStrategy memory, Link link, Entropy entropy) {
    this.memory = memory;
    this.frames = memory.frames();
    SocketBuffers buffers = memory.socketBuffers(RecordClass.IPV4);
    this.largestFrame =
        buffers == null ? frames.largest() : Math.min(frames.largest(), buffers.sendBytes());
    this.link = link;
    this.sourceRoutes = config.network().sourceRoutes();
    this.machinery = new Machinery(this, config, memory, link, entropy);
  }

  // ---- Driving ---------------------------------------------------------------------------------

  /**
   * Receives one burst, runs the timers that are due, sends what there is to send.
   *
   * @param nowNanos the time; a value before an earlier one counts as that. What was called since
   *     the last poll counts as called now
   * @return packets and timers handled; 0: there was nothing to do
   * @throws IllegalStateException when called from within a callback
   */
  public int poll(long nowNanos) {
    if (polling || machinery.desk.isBusy()) {
      throw new IllegalStateException("poll called from within a callback");
    }
    if (closed) {
      throw new IllegalStateException("the context is closed");
    }
    polling = true;
    try {
      machinery.advance(nowNanos);
      machinery.restore();
      int work = machinery.receiveLooped(burst);
      burst.clear();
      work += link.receive(burst);
      machinery.demultiplexer.process(burst);
      work += machinery.expire(TIMERS_A_POLL);
      machinery.burstEnd.run(machinery.desk);
      machinery.desk.removeEnded();
      flush();
      return work;
    } finally {
      polling = false;
    }
  }

  /**
   * When {@link #poll} must be called even if no packet comes; {@link Long#MAX_VALUE}: no timer
   * runs.
   */
  public long nextDeadlineNanos() {
    return machinery.nextDeadlineNanos();
  }

  // ---- Opening ---------------------------------------------------------------------------------

  /**
   * Accepts connections to an endpoint; {@link Endpoint#any} stands for every own address.
   *
   * @param handler shared by all connections that are accepted there
   * @throws IllegalArgumentException when the port is 0, or the profile's congestion control is not
   *     there
   * @throws IllegalStateException when there is a listener already
   */
  public void listen(Endpoint local, ConnectionProfile profile, ConnectionHandler handler) {
    listen(local, profile, handler, ListenConfig.DEFAULT);
  }

  /**
   * As {@link #listen(Endpoint, ConnectionProfile, ConnectionHandler)}.
   *
   * @param config how SYNs are taken in
   * @throws IllegalArgumentException also for {@link ListenConfig.Cookies#STATELESS} with a handler
   *     that may speak first
   */
  public void listen(
      Endpoint local, ConnectionProfile profile, ConnectionHandler handler, ListenConfig config) {
    if (local.port() == 0) {
      throw new IllegalArgumentException("a listener needs a port");
    }
    if (config.cookies() == ListenConfig.Cookies.STATELESS && handler.maySpeakFirst()) {
      throw new IllegalArgumentException(
          "stateless accept needs a handler that never speaks first; "
              + handler.getClass().getName()
              + ".maySpeakFirst() is true");
    }
    machinery.controls.find(profile.congestionControl());
    BindingNotes.check(handler.name());
    machinery.listeners.add(
        new Listeners.Listener(inZone(local), profile, handler, config, machinery.backlog(config)));
  }

  /**
   * Whose the connections are that a former process opened with a handler of this name, and those
   * that it accepted where nobody of that name listens now. Only memories that outlive their
   * process have such; to be called before the first {@link #poll} or {@link #connect}, which takes
   * them over: what has no handler then is reset.
   *
   * @throws IllegalArgumentException when the name is empty, or too long
   */
  public void offer(ConnectionHandler handler) {
    if (handler.name().isEmpty()) {
      throw new IllegalArgumentException("a handler without a name can't be found by it");
    }
    BindingNotes.check(handler.name());
    if (machinery.restoration != null) {
      machinery.restoration.offer(handler);
    }
  }

  /** Accepts no more; connections that exist live on. False: there was no such listener. */
  public boolean unlisten(Endpoint local) {
    return machinery.listeners.remove(inZone(local));
  }

  /**
   * Opens a connection; {@code onOpen} or {@code onClosed} follows. On an Ethernet link a single
   * IPv6 address of ours can be used a second or two after the first {@link #poll}, when nobody
   * else was found to have it; before, and if somebody has, there is no route from it.
   *
   * @param local null: the stack chooses; a port of 0: it chooses that
   * @param remote where to; all connections there with the same handler and profile share one of
   *     the context's 65,535 bindings, so let many connections share a handler
   * @return the handle, or {@link #NO_PORT}, {@link #NO_MEMORY}, {@link #NO_ROUTE}
   * @throws IllegalArgumentException when the remote port is 0, a zone is another link's, or the
   *     profile's congestion control is not there
   * @throws IllegalStateException when the context is closed, or being closed
   */
  public long connect(
      @Nullable Endpoint local,
      Endpoint remote,
      ConnectionProfile profile,
      ConnectionHandler handler) {
    return connect(local, remote, null, profile, handler, NO_FRAME);
  }

  /**
   * As {@link #connect(Endpoint, Endpoint, ConnectionProfile, ConnectionHandler)}, and queues a
   * frame as {@link #send} does. With {@link ConnectionProfile#fastOpen} the SYN takes of it what
   * it has room for, if the server has given us a cookie (RFC 7413); what it did not take, or the
   * server not accept, follows when the connection is open. Either way it is confirmed and released
   * after {@code onOpen}.
   *
   * @param frame with a reference of the caller's, who keeps it and may release it right after;
   *     none is taken when the answer is negative
   */
  public long connect(
      @Nullable Endpoint local,
      Endpoint remote,
      ConnectionProfile profile,
      ConnectionHandler handler,
      int frame) {
    return connect(local, remote, null, profile, handler, frame);
  }

  /**
   * As {@link #connect(Endpoint, Endpoint, ConnectionProfile, ConnectionHandler)}, along an IPv4
   * source route (RFC 9293 §3.9.2.1), which no received one replaces.
   *
   * @param route null: as IP chooses
   * @throws IllegalStateException also when the network configuration has source routes switched
   *     off
   */
  public long connect(
      @Nullable Endpoint local,
      Endpoint remote,
      @Nullable SourceRoute route,
      ConnectionProfile profile,
      ConnectionHandler handler) {
    return connect(local, remote, route, profile, handler, NO_FRAME);
  }

  /**
   * How much of a frame the SYN of a {@link #connect(Endpoint, Endpoint, ConnectionProfile,
   * ConnectionHandler, int) connect} would take now.
   *
   * @return 0: nothing, it would ask for a cookie; −1: it would not speak Fast Open, since the
   *     profile has it off, or it has failed there lately
   */
  public int fastOpenRoom(@Nullable Endpoint local, Endpoint remote, ConnectionProfile profile) {
    Endpoint from = local == null ? null : inZone(local);
    return machinery.activeOpens.roomOnSyn(from, inZone(remote), profile);
  }

  private long connect(
      @Nullable Endpoint local,
      Endpoint remote,
      @Nullable SourceRoute route,
      ConnectionProfile profile,
      ConnectionHandler handler,
      int frame) {
    if (route != null && !sourceRoutes) {
      throw new IllegalStateException("source routes are switched off (NetworkConfig)");
    }
    if (closed) {
      throw new IllegalStateException("the context is closed");
    }
    if (remote.port() == 0) {
      throw new IllegalArgumentException("a remote endpoint needs a port");
    }
    machinery.controls.find(profile.congestionControl());
    BindingNotes.check(handler.name());
    machinery.restore();
    Endpoint from = local == null ? null : inZone(local);
    long handle = machinery.activeOpens.open(from, inZone(remote), route, profile, handler, frame);
    if (handle >= 0 && !polling) {
      machinery.outsidePoll((int) handle);
    }
    finishCall();
    return handle;
  }

  /**
   * An endpoint without its zone, which must be this context's link by its name or the part behind
   * the colon ({@code tun:wisp0}, {@code wisp0}): a context has no other (RFC 4007 §6).
   */
  Endpoint inZone(Endpoint endpoint) {
    String zone = endpoint.zone();
    if (zone.isEmpty()) {
      return endpoint;
    }
    if (!link.name().equals(zone) && !link.name().endsWith(":" + zone)) {
      throw new IllegalArgumentException(
          endpoint + " is on another link than the context's, " + link.name());
    }
    return new Endpoint(endpoint.address(), endpoint.port());
  }

  // ---- Datagrams -------------------------------------------------------------------------------

  /**
   * Opens a UDP port for datagrams from anywhere.
   *
   * @param local {@link Endpoint#any} receives at every own address of both families, {@code
   *     0.0.0.0} at every one of IPv4; port 0: the stack chooses one that can't be guessed
   * @throws IllegalArgumentException when the address is not ours
   * @throws IllegalStateException when another UDP port has the same local endpoint, no port is
   *     free, or the context is closed
   */
  public DatagramPort bind(Endpoint local, DatagramHandler handler) {
    return bindAny(local, null, handler);
  }

  /**
   * Opens a UDP port that is connected: it receives from one remote endpoint only, sends to it, and
   * hears of ICMP errors about what it has sent. Its local address is one address, chosen now (RFC
   * 6724) if {@code local} does not name it.
   *
   * @throws IllegalArgumentException when the local address is not ours, the remote is not one
   *     host's, or none of ours reaches it
   * @throws IllegalStateException when another UDP port has the same local endpoint, and is not
   *     connected to another remote; no port is free; the context is closed
   */
  public DatagramPort bind(Endpoint local, Endpoint remote, DatagramHandler handler) {
    return bindAny(local, inZone(remote), handler);
  }

  private DatagramPort bindAny(Endpoint local, @Nullable Endpoint remote, DatagramHandler handler) {
    if (closed) {
      throw new IllegalStateException("the context is closed");
    }
    return machinery.datagrams.bind(inZone(local), remote, handler);
  }

  // ---- Frames ----------------------------------------------------------------------------------

  /**
   * A frame to write into, with one reference, owned by the caller.
   *
   * @param payloadBytes 1 … {@link #largestFrame}
   * @return its handle, or {@link #NO_FRAME}
   */
  public int frame(int payloadBytes) {
    if (payloadBytes < 1 || payloadBytes > largestFrame) {
      throw new IllegalArgumentException(
          "a frame of " + payloadBytes + " bytes; possible are 1 … " + largestFrame);
    }
    int frame = frames.acquire(payloadBytes);
    if (frame == NO_FRAME) {
      machinery.counters.add(Counters.Event.FRAMES_REFUSED);
      machinery.relief.frameRefused();
    }
    return frame;
  }

  /** One more reference for the caller. */
  public void retain(int frame) {
    frames.retain(frame);
  }

  /** One reference of the caller's fewer; the last one, the stack's included, frees the frame. */
  public void release(int frame) {
    frames.release(frame);
  }

  /** The memory in which the frame's payload lies: borrowed while a reference is held. */
  public MemorySegment memory(int frame) {
    return frames.memory(frame);
  }

  /** Where in {@link #memory} the payload begins. */
  public long start(int frame) {
    return frames.start(frame);
  }

  /** Bytes of payload. */
  public int length(int frame) {
    return frames.length(frame);
  }

  /**
   * The largest payload of a frame, in bytes; with classic socket buffers no more than one holds.
   */
  public int largestFrame() {
    return largestFrame;
  }

  // ---- Sending and closing ---------------------------------------------------------------------

  /**
   * Queues a frame by reference: one more until {@code onReleased}. Its bytes must not change
   * before.
   *
   * @param frame with a reference of the caller's, who keeps it and may release it right after
   * @return false: stale handle, closed for sending, or no memory (then {@code onWritable}
   *     follows); no reference was taken
   */
  public boolean send(long connection, int frame) {
    return send(connection, frame, UserCalls.Manner.PLAIN);
  }

  /**
   * As {@link #send}; the last byte of this frame is marked urgent (RFC 9293 §3.8.5; new
   * applications should not).
   */
  public boolean sendUrgent(long connection, int frame) {
    return send(connection, frame, UserCalls.Manner.URGENT);
  }

  /**
   * As {@link #send}, but more is to come: only full segments leave, and what is left over waits
   * for the next send, for {@link #push} or a close; for one retransmission time-out at most when
   * all before it has been acknowledged.
   */
  public boolean sendMore(long connection, int frame) {
    return send(connection, frame, UserCalls.Manner.MORE);
  }

  /**
   * As {@link #send}, and the frame ends a record: what is sent later never shares a segment with
   * it, not even when it is resent. Nagle's rule holds it back only as long as it is the last. The
   * peer's application sees one stream all the same.
   */
  public boolean sendRecord(long connection, int frame) {
    return send(connection, frame, UserCalls.Manner.RECORD);
  }

  /** Sends what {@link #sendMore} has left waiting. False: stale handle. */
  public boolean push(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.calls.push(tcb);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  private boolean send(long connection, int frame, UserCalls.Manner manner) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    boolean queued = false;
    try {
      queued = machinery.calls.send(tcb, frame, manner);
    } finally {
      finishCall(tcb);
    }
    return queued;
  }

  /**
   * Half-close: FIN after all that was sent. False: stale handle, or no memory to keep the FIN in.
   */
  public boolean shutdown(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      return machinery.calls.shutdown(tcb);
    } finally {
      finishCall(tcb);
    }
  }

  /**
   * Full close: what was sent still arrives; what the peer sends from now on draws RST. False:
   * stale handle, or no memory to keep the FIN in.
   */
  public boolean close(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      return machinery.calls.close(tcb);
    } finally {
      finishCall(tcb);
    }
  }

  /**
   * Full close with patience: as {@link #close(long)}, but when the peer has not confirmed all that
   * was sent, and the FIN, within this time, the connection is aborted.
   *
   * @param lingerNanos 0: {@link #abort} at once; up to 30 days, kept in eighths of a second
   */
  public boolean close(long connection, long lingerNanos) {
    if (lingerNanos < 0 || lingerNanos > KeepAlive.LONGEST_NANOS) {
      throw new IllegalArgumentException("linger of " + lingerNanos + " ns: 0 … 30 days");
    }
    if (lingerNanos == 0) {
      return abort(connection);
    }
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      boolean closes = machinery.calls.close(tcb);
      if (closes) {
        machinery.lingers.begin(tcb, lingerNanos);
      }
      return closes;
    } finally {
      finishCall(tcb);
    }
  }

  /**
   * RST, now; {@code onReleased} and {@code onClosed} are called from within. False: stale handle.
   */
  public boolean abort(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.calls.abort(tcb, EndCause.ABORTED);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  /**
   * Back-pressure: the window's right edge stands still. What was promised is still delivered, then
   * the window is zero.
   *
   * @return false: stale handle, or no memory to remember the edge in
   */
  public boolean pause(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      return machinery.calls.pause(tcb);
    } finally {
      finishCall(tcb);
    }
  }

  /**
   * Ends {@link #pause}; the peer is told. With classic socket buffers {@code onData} is called
   * from within this call for the text that waits in one. False: stale handle.
   */
  public boolean resume(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.calls.resume(tcb);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  /**
   * Another differentiated services code point than the profile's for one connection, from its next
   * segment on (RFC 9293 §3.9.2: it may change while the connection lives).
   *
   * @param dscp 0 … 63
   * @return false: stale handle
   */
  public boolean changeDscp(long connection, int dscp) {
    if (dscp < 0 || dscp > 63) {
      throw new IllegalArgumentException("DSCP " + dscp + " is outside 0 … 63");
    }
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.desk.changeDscp(tcb, dscp);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  /**
   * Whether small segments of one connection wait while something is in flight, otherwise than its
   * profile says (MUST-17); switched off, what waits leaves now.
   *
   * @return false: stale handle
   */
  public boolean changeNagle(long connection, boolean on) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.desk.changeNagle(tcb, on);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  /**
   * Another user timeout than the profile's for one connection (RFC 9293 §3.9.1.2): how long
   * something may be resent without an answer. It counts for what is under way, too. With the user
   * timeout option the peer is told, and its own advice counts no more.
   *
   * @param nanos ≥ 1; {@link Long#MAX_VALUE}: for ever. Kept in milliseconds; a SYN is resent for
   *     three minutes in any case, unless {@link #limitOpen} says otherwise
   * @return false: stale handle
   */
  public boolean changeUserTimeout(long connection, long nanos) {
    if (nanos < 1) {
      throw new IllegalArgumentException("user timeout " + nanos + " ns is not positive");
    }
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.desk.changeUserTimeout(tcb, nanos);
      machinery.calls.userTimeoutChanged(tcb);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  /**
   * How long an open that was begun is tried, in place of three minutes or the user timeout (RFC
   * 9293 §3.8.3 leaves giving up sooner to the application).
   *
   * @param nanos ≥ 1, since the first SYN; the SYN is resent once at least
   * @return false: stale handle
   */
  public boolean limitOpen(long connection, long nanos) {
    if (nanos < 1) {
      throw new IllegalArgumentException("limit of " + nanos + " ns is not positive");
    }
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.desk.limitOpen(tcb, nanos);
      machinery.calls.userTimeoutChanged(tcb);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  /**
   * Other keep-alive settings than the profile's for one connection, {@link KeepAlive#OFF} included
   * (MUST-24); the silence counts from now on.
   *
   * @return false: stale handle
   */
  public boolean changeKeepAlive(long connection, KeepAlive settings) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return false;
    }
    try {
      machinery.desk.changeKeepAlive(tcb, settings);
    } finally {
      finishCall(tcb);
    }
    return true;
  }

  private @Nullable Tcb open(long connection) {
    int slot = machinery.desk.openSlotOf(connection);
    if (slot == Records.NONE) {
      return null;
    }
    Tcb tcb = machinery.desk.open(slot);
    deadlineBefore = tcb.timerDeadlineNanos;
    return tcb;
  }

  private void finishCall(Tcb tcb) {
    if (polling) {
      machinery.burstEnd.atEndOfBurst(tcb);
    } else {
      machinery.burstEnd.flush(tcb);
      if (tcb.timerDeadlineNanos != deadlineBefore) {
        machinery.outsidePoll(tcb.slot);
      }
    }
    machinery.desk.close(tcb);
    finishCall();
  }

  /** What every call ends with: outside a poll, packets leave now. */
  void finishCall() {
    if (!polling && !machinery.desk.isBusy()) {
      machinery.desk.removeEnded();
      flush();
    }
  }

  private void flush() {
    link.flush();
    machinery.lentFrames.takeBack();
  }

  // ---- Asking ----------------------------------------------------------------------------------

  /** Whether the handle names a connection that has not ended. */
  public boolean isOpen(long connection) {
    return machinery.desk.openSlotOf(connection) != Records.NONE;
  }

  /** Our endpoint, or null for a stale handle. */
  public @Nullable Endpoint local(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return null;
    }
    machinery.desk.close(tcb);
    return new Endpoint(new IpAddress(tcb.localHigh, tcb.localLow), tcb.localPort);
  }

  /** The peer's endpoint, or null for a stale handle. */
  public @Nullable Endpoint remote(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return null;
    }
    machinery.desk.close(tcb);
    return new Endpoint(new IpAddress(tcb.remoteHigh, tcb.remoteLow), tcb.remotePort);
  }

  /**
   * Bytes of all frames that were sent and have not been released yet; 0 for a stale handle. Frames
   * are released whole: part of the first may have been acknowledged.
   */
  public int queuedBytes(long connection) {
    Tcb tcb = open(connection);
    if (tcb == null) {
      return 0;
    }
    int bytes = tcb.queue.isEmpty() ? 0 : tcb.queue.endSeq - tcb.queue.startSeq;
    machinery.desk.close(tcb);
    return bytes;
  }

  /**
   * What a connection is doing, or null for a stale handle. For people and tools: it makes an
   * object, and changes nothing.
   */
  public @Nullable ConnectionInfo info(long connection) {
    int slot = machinery.desk.openSlotOf(connection);
    return slot == Records.NONE ? null : machinery.inspection.of(slot);
  }

  /** A walk over the open connections of a handler. */
  public ConnectionWalk walk(ConnectionHandler handler) {
    return machinery.walk(handler);
  }

  /**
   * Bytes that were sent on a connection and that the peer has not confirmed, in flight or waiting;
   * 0 for a stale handle.
   */
  public int unconfirmedBytes(long connection) {
    int slot = machinery.desk.openSlotOf(connection);
    if (slot == Records.NONE) {
      return 0;
    }
    Tcb tcb = machinery.desk.open(slot);
    int bytes = tcb.queue.isEmpty() ? 0 : tcb.queue.endSeq - tcb.sndUna;
    machinery.desk.close(tcb);
    return Math.max(0, bytes);
  }

  /**
   * Tells of all connections, also of those the application has no handle for: half-open ones and
   * those in TIME-WAIT. Walks over all records.
   */
  public void inspect(Consumer<ConnectionInfo> each) {
    machinery.inspection.all(each);
  }

  /**
   * Place of the connection's record: small and dense, good as an index into an application's own
   * arrays. IPv4 and IPv6 connections are counted apart; {@link #isIpv6} tells which array it is.
   */
  public static int slot(long connection) {
    return (int) connection & ~Records.IPV6;
  }

  /** Whether the connection is one over IPv6. */
  public static boolean isIpv6(long connection) {
    return (connection & Records.IPV6) != 0;
  }

  /** Live connections in all states but TIME-WAIT. */
  public int connections() {
    return machinery.connections();
  }

  /** Connections in TIME-WAIT. */
  public int timeWaits() {
    return machinery.timeWaits();
  }

  /** What has been counted. Shared: it goes on counting. */
  public Counters counters() {
    return machinery.counters;
  }

  /** Whether profiles may choose a congestion control of this name. */
  public boolean hasCongestionControl(String name) {
    return machinery.controls.has(name);
  }

  /** Adds the strategy's memory and the context's own tables. */
  public void footprint(Footprint into) {
    memory.footprint(into);
    long own = machinery.reservedBytes();
    into.add(Footprint.Kind.CONTEXT, own, own);
  }

  /** Who is told of exceptions that handlers throw; without one they are only counted. */
  public void onHandlerFailure(Consumer<Throwable> reporter) {
    machinery.upcalls.reportTo(reporter);
  }

  /**
   * Whether its connections outlive a sudden end of the process: an application must not owe them
   * then what only the process knows of.
   */
  public boolean outlivesProcess() {
    return memory.durability() != null;
  }

  /**
   * Ends this context but not its connections, which the next process goes on with: nothing is sent
   * and nobody is told. To be called between two polls; closing the memory is no leak then.
   *
   * @throws IllegalStateException when the memory does not outlive its process
   */
  public void handOver() {
    if (polling || machinery.desk.isBusy()) {
      throw new IllegalStateException("handOver called from within a callback");
    }
    if (!closed) {
      if (!machinery.handOver()) {
        throw new IllegalStateException("this memory does not outlive its process");
      }
      closed = true;
    }
  }

  /**
   * Ends all connections without a word to the peers; each hears {@link CloseReason.ContextClosed}.
   * Closes all UDP ports. Idempotent.
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    if (polling || machinery.desk.isBusy()) {
      throw new IllegalStateException("close called from within a callback");
    }
    closed = true;
    machinery.endAll();
  }
}
