package wisp.drivers.changes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.KernelFile;

/**
 * A value in a file of {@code /proc/sys} or {@code /sys}, such as the number of huge pages.
 *
 * @param path of the file
 * @param before what it held
 * @param after what it is to hold
 */
public record KernelSetting(String path, String before, String after) implements SystemChange {
  static final String KIND = "setting";
  private static final Pattern PLACES = Pattern.compile("/(proc/sys|sys)/[^\\s]+");
  private static final Pattern VALUE = Pattern.compile("[^\\s]{1,256}");

  /** Checks that nothing else can be written than a word into a setting. */
  public KernelSetting {
    if (!PLACES.matcher(path).matches() || !Path.of(path).normalize().toString().equals(path)) {
      throw new IllegalArgumentException("'" + path + "' is no setting of the kernel");
    }
    if (!VALUE.matcher(before).matches() || !VALUE.matcher(after).matches()) {
      throw new IllegalArgumentException(path + " holds one word");
    }
  }

  /**
   * The change from what the file holds to another value.
   *
   * @throws LinkException when it can't be read
   */
  public static KernelSetting to(String path, String after) throws LinkException {
    return new KernelSetting(path, current(path), after);
  }

  @Override
  public List<String> words() {
    return List.of(KIND, path, before, after);
  }

  @Override
  public List<String> subject() {
    return List.of(KIND, path);
  }

  @Override
  public String remedy() {
    return "echo " + before + " > " + path;
  }

  @Override
  public void make() throws LinkException {
    write(after);
  }

  @Override
  public void undo() throws LinkException {
    if (!Files.exists(Path.of(path))) {
      return; // the interface that it was of has gone, and the value with it
    }
    if (current(path).equals(after)) { // else somebody has changed it since, who knows better
      write(before);
    }
  }

  private static String current(String path) throws LinkException {
    try {
      return KernelFile.read(Path.of(path));
    } catch (IOException e) {
      throw new LinkException(path + " can't be read: " + e.getMessage());
    }
  }

  private void write(String value) throws LinkException {
    try {
      Files.writeString(Path.of(path), value, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new LinkException(
          path + " can't be set to " + value + ": " + e.getMessage() + "; run as root");
    }
  }
}
