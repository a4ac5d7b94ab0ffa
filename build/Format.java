import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks or rewrites the format of every Java file of the repository in one JVM: {@code check ROOT} lists those that differ and
 * exits 1, {@code write ROOT} rewrites them. Run by Maven, as a single source file, with google-java-format on the class path.
 */
public class Format {
  private static final Formatter FORMATTER = new Formatter();

  public static void main(String[] args) throws IOException {
    boolean write = args[0].equals("write");
    Path root = Path.of(args[1]).toRealPath();
    List<Path> differing = sources(root).parallelStream().filter(file -> differs(file, write)).sorted().toList();
    for (Path file : differing) {
      System.err.println((write ? "formatted " : "not formatted: ") + root.relativize(file));
    }
    if (!write && !differing.isEmpty()) {
      System.err.println("To format them: mvn -N -Pformat process-sources");
      System.exit(1);
    }
  }

  private static List<Path> sources(Path root) throws IOException {
    try (var modules = Files.newDirectoryStream(root, module -> Files.isDirectory(module.resolve("src")))) {
      var files = new ArrayList<Path>();
      for (Path module : modules) {
        try (var tree = Files.walk(module.resolve("src"))) {
          tree.filter(file -> file.toString().endsWith(".java")).forEach(files::add);
        }
      }
      return files;
    }
  }

  private static boolean differs(Path file, boolean write) {
    try {
      String source = Files.readString(file);
      String formatted = FORMATTER.formatSourceAndFixImports(source);
      if (formatted.equals(source)) {
        return false;
      }
      if (write) {
        Files.writeString(file, formatted);
      }
      return true;
    } catch (FormatterException | IOException e) {
      System.err.println(file + ": " + e.getMessage());
      return true;
    }
  }
}
