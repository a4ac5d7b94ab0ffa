package wisp.lab.scarce;

import wisp.core.stack.PeerLimits;

/** Who is beside the modest peers. */
enum Company {
  ALONE("alone", "modest peers alone", false),
  GREEDY("greedy", "beside a greedy one that has a share", true),
  UNLIMITED("unlimited", "beside a greedy one without a limit", true);

  /** In {@code data.csv}, before a slash and the bytes of the pool. */
  final String label;

  /** For people. */
  final String text;

  final boolean greedy;

  Company(String label, String text, boolean greedy) {
    this.label = label;
    this.text = text;
    this.greedy = greedy;
  }

  /** Of every peer. */
  PeerLimits limits() {
    return this == UNLIMITED ? PeerLimits.NONE : PeerLimits.DEFAULT;
  }

  String scenario(long poolBytes) {
    return label + "/" + poolBytes;
  }
}
