"""One file per step. Types are written out, so that a step keeps its meaning when the models move on."""
