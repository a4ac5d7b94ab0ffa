package wisp.lab.scarce;

import wisp.core.stack.PeerLimits;

/** Who is beside the modest peers. */
enum Company {
  ALONE("alone", "modest peers alone", false, PeerLimits.DEFAULT),
  GREEDY("greedy", "beside a greedy one that has a share", true, PeerLimits.DEFAULT),
  UNLIMITED("unlimited", "beside a greedy one without a limit", true, PeerLimits.NONE);

  /** In {@code data.csv}, before a slash and the bytes of the pool. */
  final String label;

  /** For people. */
  final String text;

  final boolean greedy;
  final PeerLimits limits;

  Company(String label, String text, boolean greedy, PeerLimits limits) {
    this.label = label;
    this.text = text;
    this.greedy = greedy;
    this.limits = limits;
  }

  String scenario(long poolBytes) {
    return label + "/" + poolBytes;
  }
}
