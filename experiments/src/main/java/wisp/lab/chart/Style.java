package wisp.lab.chart;

import java.awt.Color;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How a series looks. Colours of Okabe and Ito, which colour-blind readers can tell apart (without
 * the yellow, which white paper swallows), and markers of different shape, for those who print in
 * grey.
 */
record Style(Color color, Shape marker) {
  private static final Color BLACK = new Color(0x22, 0x22, 0x22);
  private static final Color BLUE = new Color(0x00, 0x72, 0xB2);
  private static final Color VERMILLION = new Color(0xD5, 0x5E, 0x00);
  private static final Color ORANGE = new Color(0xE6, 0x9F, 0x00);
  private static final Color GREEN = new Color(0x00, 0x9E, 0x73);
  private static final Color PURPLE = new Color(0xCC, 0x79, 0xA7);
  private static final Color SKY = new Color(0x56, 0xB4, 0xE9);

  private static final Map<String, Style> KNOWN =
      Map.of(
          "slab", new Style(BLUE, circle()),
          "heap", new Style(VERMILLION, square()),
          "pool", new Style(ORANGE, triangle(0)),
          "persocket", new Style(PURPLE, diamond()),
          "packed", new Style(GREEN, triangle(Math.PI)),
          "mapped", new Style(SKY, cross()));

  /** Whose colours others take, the first of them first. */
  private static final List<Style> ORDER =
      Stream.of("packed", "mapped", "heap", "persocket", "slab", "pool").map(KNOWN::get).toList();

  private static final String KERNEL = "Linux kernel";
  private static final List<Style> KERNELS =
      List.of(
          new Style(BLACK, cross()),
          new Style(BLACK, square()),
          new Style(BLACK, diamond()),
          new Style(BLACK, circle()));

  /**
   * A style for each name. What is known always looks the same; others take colours that are left,
   * and when there are no more, colours with other markers. All of the kernel's is black; what
   * differs by more than a remark in brackets has other markers.
   */
  static Map<String, Style> of(List<String> names) {
    var styles = new LinkedHashMap<String, Style>();
    var kernels = new LinkedHashMap<String, Style>();
    var others = others(names);
    for (String name : names) {
      Style known =
          name.startsWith(KERNEL)
              ? kernels.computeIfAbsent(
                  name.replaceFirst(" \\(.*", ""),
                  one -> KERNELS.get(kernels.size() % KERNELS.size()))
              : KNOWN.get(name);
      styles.put(name, known == null ? others.next() : known);
    }
    return styles;
  }

  /** Each colour that no known name has, then each with the next marker, and so on for ever. */
  private static Iterator<Style> others(List<String> names) {
    var taken = names.stream().map(KNOWN::get).filter(Objects::nonNull).map(Style::color).toList();
    var left = ORDER.stream().filter(style -> !taken.contains(style.color)).toList();
    // Of six known names each has a colour: the others have them too, with another marker.
    int first = left.isEmpty() ? ORDER.size() : 0;
    var from = left.isEmpty() ? ORDER : left;
    return IntStream.iterate(first, i -> i + 1).mapToObj(i -> from(from, i)).iterator();
  }

  private static Style from(List<Style> styles, int i) {
    Style style = styles.get(i % styles.size());
    int marker = ORDER.indexOf(style) + i / styles.size();
    return new Style(style.color, ORDER.get(marker % ORDER.size()).marker);
  }

  private static Shape circle() {
    return new Ellipse2D.Double(-4.5, -4.5, 9, 9);
  }

  private static Shape square() {
    return new Rectangle2D.Double(-4, -4, 8, 8);
  }

  private static Shape diamond() {
    return AffineTransform.getRotateInstance(Math.PI / 4).createTransformedShape(square());
  }

  private static Shape triangle(double turn) {
    var path = new Path2D.Double();
    path.moveTo(0, -5.2);
    path.lineTo(5, 4);
    path.lineTo(-5, 4);
    path.closePath();
    return AffineTransform.getRotateInstance(turn).createTransformedShape(path);
  }

  private static Shape cross() {
    var path = new Path2D.Double();
    double[][] corners = {
      {-1.5, -5}, {1.5, -5}, {1.5, -1.5}, {5, -1.5}, {5, 1.5}, {1.5, 1.5},
      {1.5, 5}, {-1.5, 5}, {-1.5, 1.5}, {-5, 1.5}, {-5, -1.5}, {-1.5, -1.5}
    };
    path.moveTo(corners[0][0], corners[0][1]);
    for (double[] corner : corners) {
      path.lineTo(corner[0], corner[1]);
    }
    path.closePath();
    return path;
  }
}
