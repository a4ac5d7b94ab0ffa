package wisp.drivers.sockets;

import org.jspecify.annotations.Nullable;

/** What an application hears of its writes to one stream, and the queue in which that waits. */
final class SendNotices {
  private final ErrorQueue queue;
  private final ZeroCopies zeroCopies;
  private final SendStamps stamps;

  /** Bytes of all frames that the stack gave back. */
  private long released;

  /** Somebody is told of each notice. */
  SendNotices(Runnable news) {
    queue = new ErrorQueue(news);
    zeroCopies = new ZeroCopies(queue);
    stamps = new SendStamps(queue);
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  @Nullable Notice poll() {
    return queue.poll();
  }

  /** Which times are wanted from now on, and from where bytes are numbered. */
  void want(int flags, long confirmed) {
    stamps.want(flags, confirmed);
  }

  /**
   * One write ends here.
   *
   * @return whether its times are wanted
   */
  boolean wrote(long end, boolean zeroCopy) {
    if (zeroCopy) {
      zeroCopies.wrote(end);
    }
    return stamps.wrote(end);
  }

  void released(int bytes) {
    released += bytes;
    zeroCopies.released(released);
  }

  /**
   * So far it has got by now.
   *
   * @return whether no more times are to be told
   */
  boolean got(Pieces progress, long nanos) {
    return stamps.got(progress.sentTo(), progress.confirmed(), nanos);
  }
}
