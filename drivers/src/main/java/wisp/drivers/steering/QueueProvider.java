package wisp.drivers.steering;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;

/** A provider whose device can have several queues, so that each context polls one of its own. */
public interface QueueProvider extends LinkProvider {
  /**
   * Opens a device with so many queues, as places 0, 1, … in the order of its links.
   *
   * @param parameters the user's, unchecked
   * @param count 2 or more
   * @return null: with these parameters the device has but one
   * @throws LinkException in one line for the user; nothing stays open
   * @throws IllegalArgumentException when a parameter is wrong
   */
  @Nullable Queues openQueues(Map<String, String> parameters, int count) throws LinkException;
}
