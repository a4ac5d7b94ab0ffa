package wisp.lab.links;

import java.util.List;
import wisp.lab.goodput.Spread;
import wisp.lab.results.Row;

/** The rows of a run, asked by link, contestant and metric. */
record Results(List<Row> rows) {
  /** All repetitions of one. */
  Spread spread(String link, String who, String metric) {
    return Spread.of(
        rows.stream()
            .filter(row -> row.link().equals(link))
            .filter(row -> row.strategy().equals(who))
            .filter(row -> row.metric().equals(metric))
            .mapToDouble(Row::value)
            .toArray());
  }

  /** One to another of the same repetition: the median of all quotients. */
  Spread ratio(String link, String who, String beside, String metric) {
    return Spread.of(
        rows.stream()
            .filter(row -> row.link().equals(link) && row.metric().equals(metric))
            .filter(row -> row.strategy().equals(who))
            .mapToDouble(row -> row.value() / of(link, beside, metric, row.repetition()))
            .toArray());
  }

  private double of(String link, String who, String metric, int repetition) {
    return rows.stream()
        .filter(row -> row.link().equals(link) && row.metric().equals(metric))
        .filter(row -> row.strategy().equals(who) && row.repetition() == repetition)
        .mapToDouble(Row::value)
        .findFirst()
        .orElse(Double.NaN);
  }

  /** Links in the order of the rows, of one kind of measurement. */
  List<String> links(String scenario) {
    return rows.stream()
        .filter(row -> row.scenario().equals(scenario))
        .map(Row::link)
        .distinct()
        .toList();
  }

  /** Contestants with such a metric, in the order of the rows. */
  List<String> contestants(String metric) {
    return rows.stream()
        .filter(row -> row.metric().equals(metric))
        .map(Row::strategy)
        .distinct()
        .toList();
  }

  /** Why there is no value, if that was said. */
  String why(String link, String who, String metric) {
    return rows.stream()
        .filter(row -> row.link().equals(link) && row.strategy().equals(who))
        .filter(row -> row.metric().equals(metric) && !row.note().isEmpty())
        .map(Row::note)
        .findFirst()
        .orElse("");
  }
}
