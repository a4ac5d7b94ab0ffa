/** Charts of publication quality: JFreeChart under a theme of our own, written as SVG and PNG. */
@NullMarked
package wisp.lab.chart;

import org.jspecify.annotations.NullMarked;
