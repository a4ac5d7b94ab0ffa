package wisp.lab.matrix;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import wisp.lab.results.Json;

/**
 * Hears of cells, one a line: the seed, how long a transfer is meant to take, and the cell; answers
 * each with a line, the trial. Ends when nobody is there any more to tell it of another, even in
 * the midst of one.
 */
final class WorkerMain {
  private static final double WARM_UP_SECONDS = 0.5;

  private WorkerMain() {}

  /** Expects no arguments. */
  public static void main(String[] args) throws InterruptedException {
    var lines = new LinkedBlockingQueue<String>();
    Thread.ofPlatform().daemon().name("parent watch").start(() -> hear(lines));
    warmUp();
    while (true) {
      String line = lines.take();
      String[] words = line.split(" ");
      long seed = Long.parseLong(words[0]);
      double seconds = Double.parseDouble(words[1]);
      System.out.println(Json.line(Trial.run(Cell.parse(words[2]), seed, seconds).toJson()));
    }
  }

  /** Else the first cell would measure how fast classes are loaded. */
  private static void warmUp() {
    for (String level : List.of("4", "6")) {
      var usual = new ArrayList<String>();
      for (Factor factor : Factor.values()) {
        usual.add(factor == Factor.FAMILY ? level : factor.levels().getFirst());
      }
      Trial.run(new Cell(usual), 1, WARM_UP_SECONDS);
    }
  }

  private static void hear(LinkedBlockingQueue<String> lines) {
    try {
      var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // as good as the end
    }
    System.exit(0); // with hooks: they remove the namespaces
  }
}
