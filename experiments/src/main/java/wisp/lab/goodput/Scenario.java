package wisp.lab.goodput;

import wisp.drivers.faults.PathConfig;

/**
 * One kind of wire.
 *
 * @param name in {@code data.csv}
 * @param text for people
 * @param path each way
 * @param flows at once, of one stack at a time; their mean is the value
 */
record Scenario(String name, String text, PathConfig path, int flows) {
  static Scenario of(String name, String text, String path, int flows) {
    return new Scenario(name, text, PathConfig.parse(path), flows);
  }
}
