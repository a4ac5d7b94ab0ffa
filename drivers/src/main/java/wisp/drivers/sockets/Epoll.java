package wisp.drivers.sockets;

import java.util.LinkedHashMap;
import java.util.Map;

/** A set of sockets that are watched: by level, by edge, once. */
final class Epoll extends Descriptor {
  static final int ADD = 1;
  static final int DELETE = 2;
  static final int MODIFY = 3;

  /** One socket that is watched. */
  private static final class Watch {
    final Descriptor socket;
    int events;
    long data;
    boolean armed;
    long inSeen;
    long outSeen;

    Watch(Descriptor socket) {
      this.socket = socket;
    }

    void set(int wanted, long word) {
      events = wanted;
      data = word;
      armed = true;
      inSeen = -1; // what is so already is news once
      outSeen = -1;
    }

    int ready() {
      if (!armed) {
        return 0;
      }
      int ready = socket.ready() & (events | Ready.ALWAYS);
      boolean isEdge = (events & Ready.EDGE) != 0;
      boolean isNews = socket.inEvents != inSeen || socket.outEvents != outSeen;
      return isEdge && !isNews ? 0 : ready;
    }

    void told() {
      inSeen = socket.inEvents;
      outSeen = socket.outEvents;
      armed = (events & Ready.ONESHOT) == 0;
    }
  }

  /** Sets that watch sets that watch sets …: as many as Linux allows. */
  private static final int MOST_NESTED = 5;

  private final Map<Integer, Watch> watches = new LinkedHashMap<>();

  /** Changes what is watched; 0, or the error negated. */
  int control(int operation, int handle, Descriptor socket, int events, long data) {
    if (socket == this) {
      return -Errno.EINVAL;
    }
    Watch watch = watches.get(handle);
    switch (operation) {
      case ADD -> {
        if (watch != null) {
          return -Errno.EEXIST;
        }
        if (socket instanceof Epoll set
            && (set.reaches(this) || height(this) + 1 + set.depth() > MOST_NESTED)) {
          return -Errno.ELOOP; // asking whether it is ready would not end
        }
        watch = new Watch(socket);
        watch.set(events, data);
        watches.put(handle, watch);
        socket.watchers.add(this);
      }
      case MODIFY -> {
        if (watch == null) {
          return -Errno.ENOENT;
        }
        watch.set(events, data);
      }
      case DELETE -> {
        socket.watchers.remove(this);
        return watches.remove(handle) == null ? -Errno.ENOENT : 0;
      }
      default -> {
        return -Errno.EINVAL;
      }
    }
    return 0;
  }

  private boolean reaches(Epoll other) {
    return watches.values().stream()
        .anyMatch(w -> w.socket == other || (w.socket instanceof Epoll e && e.reaches(other)));
  }

  /** Sets below this one. */
  private int depth() {
    return watches.values().stream()
        .mapToInt(w -> w.socket instanceof Epoll e ? 1 + e.depth() : 0)
        .max()
        .orElse(0);
  }

  /** Sets above it. */
  private static int height(Descriptor socket) {
    return socket.watchers.stream().mapToInt(e -> 1 + height(e)).max().orElse(0);
  }

  /** The handle was given back. */
  void forget(int handle) {
    watches.remove(handle);
  }

  /**
   * What is ready now; what is told by edge or once is told with it.
   *
   * @return how many; EAGAIN: none
   */
  int take(int[] events, long[] data, int most) {
    int n = 0;
    for (Watch watch : watches.values()) {
      int ready = n < most ? watch.ready() : 0;
      if (ready != 0) {
        watch.told();
        events[n] = ready;
        data[n++] = watch.data;
      }
    }
    return n == 0 ? -Errno.EAGAIN : n;
  }

  @Override
  int ready() {
    return watches.values().stream().anyMatch(w -> w.ready() != 0) ? Ready.IN : 0;
  }

  @Override
  void close() {
    watches.values().forEach(watch -> watch.socket.watchers.remove(this));
    watches.clear();
  }
}
