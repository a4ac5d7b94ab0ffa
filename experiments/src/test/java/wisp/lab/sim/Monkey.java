package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;

/** An application that does at any moment whatever the API allows, on any of its connections. */
final class Monkey {
  /** What a callback throws on purpose. */
  static final class Whim extends RuntimeException {
    private static final long serialVersionUID = 1;

    Whim() {
      super("a whim", null, false, false);
    }
  }

  private record Kept(int frame, int serial) {}

  private static final int MOST_NESTED = 6;
  private static final int[] PORTS = {7, 8, 9};
  private static final int FIXED_PORT = 5_000;

  final Context context;
  final List<String> faults;
  final List<Ledger> all = new ArrayList<>();
  private final String ownAddress;
  private final String otherAddress;
  private final SplittableRandom random;
  private final Map<Long, Ledger> byHandle = new HashMap<>();
  private final List<Ledger> live = new ArrayList<>();
  private final List<Kept> kept = new ArrayList<>();
  private final List<Handler> handlers = new ArrayList<>();
  private final boolean exact;
  private final boolean fixedPorts;
  private @Nullable Monkey other;
  private int depth;
  private int serial;
  private int mayConnect;
  private long maySend;
  private boolean calm;
  private int quiet;

  Monkey(
      Context context,
      String ownAddress,
      String otherAddress,
      SplittableRandom random,
      boolean exact,
      List<String> faults) {
    this.context = context;
    this.ownAddress = ownAddress;
    this.otherAddress = otherAddress;
    this.random = random;
    this.exact = exact;
    this.faults = faults;
    this.fixedPorts = random.nextInt(3) == 0;
    this.mayConnect = 10 + random.nextInt(90);
    this.maySend = 20_000L + random.nextInt(1_500_000);
    for (int i = 0; i < 3; i++) {
      handlers.add(new Handler());
    }
    context.onHandlerFailure(this::failed);
  }

  void meets(Monkey monkey) {
    other = monkey;
  }

  /** A peer with a window of a few bytes: what is sent must end some time. */
  void speakLittle() {
    maySend = 2_000;
  }

  private void failed(Throwable e) {
    if (!(e instanceof Whim)) {
      e.printStackTrace();
      faults.add("a handler failed: " + e);
    }
  }

  boolean chance(int outOf) {
    return random.nextInt(outOf) == 0;
  }

  // ---- Doing something -------------------------------------------------------------------------

  /** Some call from outside any callback. */
  void act() {
    switch (random.nextInt(12)) {
      case 0, 1 -> connect();
      case 2 -> listening();
      case 3 -> dropKept();
      default -> onSome();
    }
  }

  private void onSome() {
    if (!live.isEmpty()) {
      on(live.get(random.nextInt(live.size())));
    }
    if (chance(10)) {
      stale();
    }
  }

  void listenAll() {
    for (int port : PORTS) {
      unlisten(port);
      context.listen(Endpoint.any(port), profile(), handler());
    }
  }

  private boolean unlisten(int port) {
    return context.unlisten(Endpoint.any(port));
  }

  private void listening() {
    int port = PORTS[random.nextInt(PORTS.length)];
    if (chance(4)) {
      unlisten(port);
      return;
    }
    try {
      context.listen(Endpoint.any(port), profile(), handler());
    } catch (IllegalStateException inUse) {
      if (!unlisten(port)) {
        faults.add("refused to listen, but nobody does");
      }
    }
  }

  private ConnectionProfile profile() {
    if (calm) {
      return ConnectionProfile.DEFAULT;
    }
    return switch (random.nextInt(4)) {
      case 0 -> ConnectionProfile.NO_DELAY;
      case 1 -> new ConnectionProfile(true, 20_000_000_000L + random.nextInt(3), 64, 0);
      default -> ConnectionProfile.DEFAULT;
    };
  }

  private Handler handler() {
    if (chance(6)) {
      handlers.set(random.nextInt(handlers.size()), new Handler());
    }
    return handlers.get(random.nextInt(handlers.size()));
  }

  /**
   * Whether nothing of a connection that ended out of order is under way: without TIME-WAIT only
   * time protects a successor with the same ports from it.
   */
  private boolean isQuiet() {
    Monkey monkey = other;
    return quiet == 0 && (monkey == null || monkey.quiet == 0);
  }

  /** The path is empty: whatever was sent before has arrived or will not. */
  void pathIsEmpty() {
    quiet = 0;
  }

  private void connect() {
    if (calm || mayConnect <= 0) {
      return;
    }
    mayConnect--;
    boolean crossing = chance(4);
    Endpoint local =
        fixedPorts && isQuiet() && chance(2)
            ? new Endpoint(
                chance(2) ? Endpoint.ANY : Endpoint.of(ownAddress, 1).address(),
                FIXED_PORT + random.nextInt(2))
            : null;
    int port = crossing && fixedPorts ? FIXED_PORT : PORTS[random.nextInt(PORTS.length)];
    Endpoint remote = Endpoint.of(otherAddress, port);
    long handle = context.connect(local, remote, profile(), handler());
    if (handle >= 0) {
      register(handle, true);
    }
  }

  /** A connection that echoes nothing and throws nothing; null when it is refused. */
  @Nullable Ledger connectCalmly() {
    Endpoint remote = Endpoint.of(otherAddress, PORTS[0]);
    long handle = context.connect(null, remote, ConnectionProfile.DEFAULT, handlers.get(0));
    return handle < 0 ? null : register(handle, true);
  }

  private Ledger register(long handle, boolean active) {
    Ledger former = byHandle.get(handle);
    if (former != null && !former.isOver()) {
      former.fault("a handle for two");
    }
    Endpoint local = context.local(handle);
    Endpoint remote = context.remote(handle);
    String here = String.valueOf(local);
    String there = String.valueOf(remote);
    String path = here.compareTo(there) < 0 ? here + "-" + there : there + "-" + here;
    Ledger ledger = new Ledger(handle, active, path, faults);
    byHandle.put(handle, ledger);
    all.add(ledger);
    live.add(ledger);
    return ledger;
  }

  private void on(Ledger c) {
    if (depth >= MOST_NESTED) {
      return;
    }
    depth++;
    try {
      onConnection(c);
    } finally {
      depth--;
    }
  }

  private void onConnection(Ledger c) {
    switch (random.nextInt(40)) {
      case 0, 1 -> shutdown(c);
      case 2 -> close(c);
      case 3 -> abort(c);
      case 4, 5, 6 -> pause(c);
      case 7, 8, 9, 10, 11, 12 -> resume(c);
      case 13 -> connect();
      case 14, 15 -> onSome();
      case 16 -> ask(c);
      case 17 -> forbidden();
      case 18 -> listening();
      case 19, 20 -> sendKept(c);
      default -> send(c);
    }
  }

  private void ask(Ledger c) {
    boolean open = context.isOpen(c.handle);
    if (open && c.isOver() && byHandle.get(c.handle) == c) {
      c.fault("open after onClosed");
    }
    if (open != (context.local(c.handle) != null) || open != (context.remote(c.handle) != null)) {
      c.fault("half open");
    }
  }

  private void forbidden() {
    try {
      context.frame(random.nextBoolean() ? 0 : context.largestFrame() + 1);
      faults.add("a frame of a size that is not possible");
    } catch (IllegalArgumentException expected) {
      // as documented
    }
    try {
      context.connect(null, Endpoint.of(otherAddress, 0), profile(), handler());
      faults.add("connected to port 0");
    } catch (IllegalArgumentException | IllegalStateException expected) {
      // as documented
    }
  }

  /** In a callback: what only the driver may do. */
  private void forbiddenInside() {
    try {
      context.poll(0);
      faults.add("polled from a callback");
    } catch (IllegalStateException expected) {
      // as documented
    }
    try {
      context.close();
    } catch (IllegalStateException expected) {
      // as documented; nothing happens when it is being closed already
    }
  }

  private void stale() {
    if (all.isEmpty()) {
      return;
    }
    Ledger c = all.get(random.nextInt(all.size()));
    if (!c.isOver() || byHandle.get(c.handle) != c) {
      return;
    }
    boolean heard =
        switch (random.nextInt(6)) {
          case 0 -> context.isOpen(c.handle);
          case 1 -> context.abort(c.handle);
          case 2 -> context.close(c.handle);
          case 3 -> context.shutdown(c.handle);
          case 4 -> context.pause(c.handle);
          default -> context.resume(c.handle);
        };
    if (heard) {
      c.fault("a stale handle was heard");
    }
  }

  // ---- Sending ---------------------------------------------------------------------------------

  private void send(Ledger c) {
    int length =
        switch (random.nextInt(5)) {
          case 0 -> 1 + random.nextInt(10);
          case 1 -> context.largestFrame();
          case 2 -> 1 + random.nextInt(context.largestFrame());
          default -> 1 + random.nextInt(Math.min(context.largestFrame(), 3_000));
        };
    length = (int) Math.min(length, maySend);
    if (calm || length < 1) {
      return;
    }
    int frame = context.frame(length);
    if (frame == Context.NO_FRAME) {
      return;
    }
    int number = ++serial * 2 + (ownAddress.endsWith("1") ? 1 : 0);
    Ledger.fill(context.memory(frame), context.start(frame), number, length);
    queue(c, frame, number);
    if (random.nextInt(8) == 0 && kept.size() < 6) {
      kept.add(new Kept(frame, number));
    } else {
      context.release(frame);
    }
  }

  private void sendKept(Ledger c) {
    if (calm || kept.isEmpty()) {
      return;
    }
    Kept k = kept.get(random.nextInt(kept.size()));
    if (maySend >= context.length(k.frame)) {
      queue(c, k.frame, k.serial);
    }
  }

  private void queue(Ledger c, int frame, int number) {
    int length = context.length(frame);
    boolean over = c.isOver();
    boolean queued =
        chance(20) ? context.sendUrgent(c.handle, frame) : context.send(c.handle, frame);
    if (queued && over) {
      c.fault("sent on a stale handle");
    }
    if (queued) {
      maySend -= length;
      c.sent(frame, number, length);
    }
  }

  void dropKept() {
    while (!kept.isEmpty()) {
      context.release(kept.removeLast().frame);
    }
  }

  int framesKept() {
    return kept.size();
  }

  // ---- Other calls -----------------------------------------------------------------------------

  private void shutdown(Ledger c) {
    boolean over = c.isOver();
    c.shut |= context.shutdown(c.handle) && !over;
  }

  private void close(Ledger c) {
    boolean over = c.isOver();
    c.closedFully |= context.close(c.handle) && !over;
  }

  private void abort(Ledger c) {
    boolean over = c.isOver();
    boolean was = context.abort(c.handle);
    if (was && (over || !c.isOver())) {
      c.fault("aborted, but");
    }
  }

  private void pause(Ledger c) {
    if (!calm && context.pause(c.handle)) {
      c.paused = true;
    }
  }

  private void resume(Ledger c) {
    if (context.resume(c.handle)) {
      c.paused = false;
    }
  }

  // ---- Phases ----------------------------------------------------------------------------------

  /** From now on it only ends what there is, in order. */
  void calmDown() {
    calm = true;
  }

  /** One more attempt to end everything in order. */
  void windUp() {
    for (Ledger c : List.copyOf(live)) {
      resume(c);
      if (!c.shut && !c.isOver()) {
        shutdown(c);
      }
    }
  }

  void closeAll() {
    for (Ledger c : List.copyOf(live)) {
      close(c);
    }
  }

  void abortAll() {
    for (Ledger c : List.copyOf(live)) {
      abort(c);
    }
  }

  int live() {
    return live.size();
  }

  List<Ledger> liveOnes() {
    return live;
  }

  boolean sendCalmly(Ledger c, int length) {
    int frame = context.frame(length);
    if (frame == Context.NO_FRAME) {
      return false;
    }
    int number = ++serial * 2 + (ownAddress.endsWith("1") ? 1 : 0);
    Ledger.fill(context.memory(frame), context.start(frame), number, length);
    boolean queued = context.send(c.handle, frame);
    context.release(frame);
    if (queued) {
      c.sent(frame, number, length);
    }
    return queued;
  }

  // ---- What it is told -------------------------------------------------------------------------

  private final class Handler implements ConnectionHandler {
    private Ledger of(long connection) {
      Ledger ledger = byHandle.get(connection);
      if (ledger == null) {
        ledger = new Ledger(connection, false, "?", faults);
        ledger.fault("told of an unknown connection");
      }
      return ledger;
    }

    private void whim(Ledger c) {
      if (calm) {
        return;
      }
      if (chance(300)) {
        c.threw = true;
        throw new Whim();
      }
      if (chance(60)) {
        forbiddenInside();
      }
      int acts = Math.max(0, random.nextInt(4) - 1);
      for (int i = 0; i < acts; i++) {
        on(chance(4) && !live.isEmpty() ? live.get(random.nextInt(live.size())) : c);
      }
    }

    @Override
    public void onOpen(Context context, long connection) {
      Ledger c = byHandle.get(connection);
      if (c == null || c.isOver()) {
        c = register(connection, false);
      }
      c.onOpen();
      whim(c);
    }

    @Override
    public void onData(
        Context context, long connection, MemorySegment memory, long offset, int length) {
      Ledger c = of(connection);
      Monkey monkey = other;
      if (c.peer == null && monkey != null) {
        c.peer = monkey.counterpart(c);
      }
      c.onData(memory, offset, length, exact);
      whim(c);
    }

    @Override
    public void onAcknowledged(Context context, long connection, int bytes) {
      Ledger c = of(connection);
      c.onAcknowledged(bytes);
      whim(c);
    }

    @Override
    public void onReleased(Context context, long connection, int frame, int acknowledged) {
      Ledger c = of(connection);
      c.onReleased(frame, acknowledged);
      whim(c);
    }

    @Override
    public void onWritable(Context context, long connection) {
      Ledger c = of(connection);
      c.onWritable();
      whim(c);
    }

    @Override
    public void onUrgent(Context context, long connection, int bytesAhead) {
      Ledger c = of(connection);
      c.onUrgent();
      whim(c);
    }

    @Override
    public void onPeerClosed(Context context, long connection) {
      Ledger c = of(connection);
      c.onPeerClosed();
      if (c.peer == null && other != null) {
        c.peer = other.counterpart(c);
      }
      whim(c);
    }

    @Override
    public void onClosed(Context context, long connection, CloseReason reason) {
      Ledger c = of(connection);
      c.onClosed(reason);
      live.remove(c);
      quiet += reason instanceof CloseReason.Closed ? 0 : 1;
      whim(c);
      if (chance(4)) {
        connect();
      }
    }
  }

  /** The latest connection of ours on the same path. */
  private @Nullable Ledger counterpart(Ledger c) {
    for (int i = all.size() - 1; i >= 0; i--) {
      if (all.get(i).path.equals(c.path) && all.get(i).opened) {
        return all.get(i);
      }
    }
    return null;
  }
}
