package wisp.drivers.sockets;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Notices that wait to be read. Beyond {@link #MOST} further ones are dropped. */
final class ErrorQueue {
  private static final int MOST = 1_024;

  private final Runnable news;
  private final ArrayDeque<Notice> notices = new ArrayDeque<>();

  /** Somebody is told of each that comes. */
  ErrorQueue(Runnable news) {
    this.news = news;
  }

  boolean isEmpty() {
    return notices.isEmpty();
  }

  @Nullable Notice poll() {
    return notices.poll();
  }

  void sendTime(int kind, int number, long nanos) {
    add(new Notice(Notice.SEND_TIME, 0, kind, number, nanos));
  }

  /** Writes that follow each other are told of together. */
  void zeroCopy(int number) {
    Notice last = notices.peekLast();
    if (last != null && last.origin() == Notice.ZERO_COPY && last.data() + 1 == number) {
      notices.removeLast();
      add(new Notice(Notice.ZERO_COPY, Notice.COPIED, last.info(), number, 0));
    } else {
      add(new Notice(Notice.ZERO_COPY, Notice.COPIED, number, number, 0));
    }
  }

  private void add(Notice notice) {
    if (notices.size() < MOST) {
      notices.add(notice);
    }
    news.run();
  }
}
