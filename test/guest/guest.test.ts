// One file for both guests: importing the facts boots them, so that they run side by side, each on a CPU of this machine.
import './eight-cpus.facts.ts';
import './forty-cpus.facts.ts';
