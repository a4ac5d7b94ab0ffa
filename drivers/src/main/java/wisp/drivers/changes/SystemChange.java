package wisp.drivers.changes;

import java.util.List;
import wisp.core.spi.LinkException;

/**
 * One thing that a process changes on the system and that stays when it is killed. A new kind is a
 * record of its own and a case in {@link #read}.
 */
public sealed interface SystemChange permits LocalPrefix, SilencedPrefix, KernelSetting {
  /** Words without spaces, from which {@link #read} makes it again. */
  List<String> words();

  /** What is changed, by words: two changes of the same thing stand until both are to be undone. */
  default List<String> subject() {
    return words();
  }

  /** The command that undoes it by hand. */
  String remedy();

  /**
   * Makes it, in the calling thread's network namespace.
   *
   * @throws LinkException in one line for the user: what and what to do
   */
  void make() throws LinkException;

  /**
   * Undoes it, in the calling thread's network namespace. Not there, or changed again by somebody
   * else: then nothing is left to do.
   *
   * @throws LinkException why it can't be undone
   */
  void undo() throws LinkException;

  /**
   * The change of these words.
   *
   * @throws IllegalArgumentException when there is no such change
   */
  static SystemChange read(List<String> words) {
    return switch (words.getFirst() + "/" + words.size()) {
      case LocalPrefix.KIND + "/2" -> LocalPrefix.read(words.get(1));
      case SilencedPrefix.KIND + "/2" -> SilencedPrefix.read(words.get(1));
      case KernelSetting.KIND + "/4" -> new KernelSetting(words.get(1), words.get(2), words.get(3));
      default -> throw new IllegalArgumentException("no change is written " + words);
    };
  }
}
