package wisp.lab.serve;

/** {@link Broadcast} of what is written to our standard input, which a thread of its own reads. */
public final class StdinBroadcast {
  private StdinBroadcast() {}

  /** With the usual settings. */
  static Service usual() {
    return of(BroadcastSettings.DEFAULT);
  }

  /**
   * A service whose thread begins to read when the server runs. The end of the input ends the
   * thread and nothing else.
   */
  public static Service of(BroadcastSettings settings) {
    var queue = new LineQueue();
    var reader = new LineReader(System.in, queue);
    queue.onFirstListener(() -> Thread.ofPlatform().daemon().name("lines").start(reader));
    return new Broadcast(settings, queue);
  }
}
