"""The commands of `hotline`, one file per noun. Each opens the components, does one intention, and says what came of it."""
