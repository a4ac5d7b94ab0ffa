package wisp.pools.heap;

import it.unimi.dsi.fastutil.ints.IntArrayFIFOQueue;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Objects by number. Numbers count from 0 and are reused first-in-first-out. */
final class HandleTable<T> {
  static final int NONE = -1;

  private final FreeNumbers free = new FreeNumbers();
  private @Nullable Object[] objects = new Object[16];
  private int bound;
  private int size;

  /**
   * Keeps an object.
   *
   * @return its number
   * @throws OutOfMemoryError with nothing changed
   */
  int add(T object) {
    if (free.isEmpty() && bound == objects.length) {
      objects = Arrays.copyOf(objects, bound * 2);
    }
    int number = free.isEmpty() ? bound++ : free.dequeueInt();
    objects[number] = object;
    size++;
    return number;
  }

  /** The object of a number in use. */
  @SuppressWarnings({
    "unchecked",
    "NullAway"
  }) // filled by add alone; that it is in use is the caller's word
  T get(int number) {
    return (T) objects[number];
  }

  boolean contains(int number) {
    return number >= 0 && number < bound && objects[number] != null;
  }

  /**
   * Forgets an object.
   *
   * @param kind for the error: what it is
   * @throws IllegalStateException when there is none
   */
  T remove(int number, String kind) {
    if (!contains(number)) {
      throw new IllegalStateException(kind + " " + number + " is released but not acquired");
    }
    T object = get(number);
    objects[number] = null;
    free.enqueue(number);
    size--;
    return object;
  }

  int size() {
    return size;
  }

  int bound() {
    return bound;
  }

  /** Bytes of the tables, without the objects. */
  long bytes() {
    return ObjectLayout.array(ObjectLayout.REFERENCE, objects.length) + free.bytes();
  }

  private static final class FreeNumbers extends IntArrayFIFOQueue {
    private static final long serialVersionUID = 1;

    long bytes() {
      return ObjectLayout.array(4, array.length);
    }
  }
}
