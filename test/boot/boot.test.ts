// One machine, two boots, in this order: each file goes on where the one before it ended.
import './installed.facts.ts';
import './drop-ins.facts.ts';
import './irqbalance.facts.ts';
import './supervised.facts.ts';
import './real-katran.facts.ts';
import './handover.facts.ts';
import './second-boot.facts.ts';
import './removed.facts.ts';
